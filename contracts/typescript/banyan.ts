// Made from schemas, examples and topology.json by `banyan contracts gen`; do not edit.

/**
 * The events of a shop, as CloudEvents 1.0 in structured JSON.
 *
 * For readers: fields that these types do not have may come, and so may words that a union of words does not list,
 * which is why such a union ends in `(string & {})`. Within a major version nothing else changes.
 *
 * Amounts are whole numbers of minor units (pence, cents) and never fractions. Instants are RFC 3339 in UTC.
 *
 * @packageDocumentation
 */

/** CloudEvents 1.0 in structured JSON, with the extensions that Banyan relies on. */
export interface Envelope<T extends string, D> {
  /** The id of the message that caused it. */
  causationid?: string;
  /** The order that this is about. */
  correlationid?: string;
  /** What is said; its shape follows from `type`. Absent when it lies where `dataref` says. */
  data?: D;
  /** `application/json`, which is also the default. */
  datacontenttype?: string;
  /** Where `data` lies when it is too large for the bus, named by its SHA-256: `urn:banyan:blob:sha256:<64 hexadecimal digits>`. */
  dataref?: string;
  /** The schema that `data` was written against, with its full version. */
  dataschema?: string;
  /** Unique within `source`; a UUID where the source is a service of Banyan's. */
  id: string;
  /** Messages of one key are handled one after another. */
  partitionkey?: string;
  /** How many events this subject has published, in 20 digits. */
  sequence?: string;
  /** Who published it: `/banyan/<service>`, or another application's own URI reference. */
  source: string;
  /** The version of CloudEvents. */
  specversion: "1.0";
  /** The id of the aggregate it happened to. */
  subject: string;
  /** When it happened. */
  time: string;
  /** W3C trace context of the step that published it. */
  traceparent?: string;
  /** What happened: `shop.banyan.<noun>.<past-verb>.v<major>`. */
  type: T;
}

/**
 * Why an order is cancelled.
 *
 * - `customer_request`: The customer, or the shop for the customer, asked for it.
 * - `payment_declined`: The payment was refused.
 * - `insufficient_stock`: Not enough stock.
 * - `unknown_sku`: A SKU that the inventory does not have.
 * - `deadline`: Stock and payment were not arranged in time.
 * - `capture_failed`: The money could not be taken.
 * - `shipment_failed`: The parcel failed before it was handed over.
 * - `undelivered`: The parcel left, and was lost or brought back: what becomes of its goods is said by the shipment's events.
 * - `stock_short`: Stock that was promised turned out to be missing.
 * - `invalid_order`: Another application's order that no service may work on, for instance because its amounts do not add up.
 */
export type CancelReason =
  | "customer_request" | "payment_declined" | "insufficient_stock" | "unknown_sku" | "deadline"
  | "capture_failed" | "shipment_failed" | "undelivered" | "stock_short" | "invalid_order"
  | (string & {});

/**
 * Why the money could not be taken.
 *
 * - `authorization_expired`: It was no longer set aside.
 * - `declined`: The issuer refused after all.
 * - `cancelled`: The order was cancelled first, and the authorization let go.
 * - `provider_error`: The provider proved that nothing happened and cannot do better.
 */
export type CaptureFailure = "authorization_expired" | "declined" | "cancelled" | "provider_error" | (string & {});

/** A cart of the storefront. */
export type CartId = string;

/**
 * How a message travels.
 *
 * - `email`: E-mail.
 * - `sms`: Text message.
 * - `webhook`: A call to an address of the shop's.
 */
export type Channel = "email" | "sms" | "webhook" | (string & {});

/**
 * What returned goods look like.
 *
 * - `sellable`: Can be sold again.
 * - `damaged`: Cannot.
 */
export type Condition = "sellable" | "damaged" | (string & {});

/** A circulating currency of ISO 4217. */
export type Currency =
  | "AED" | "AFN" | "ALL" | "AMD" | "ANG" | "AOA" | "ARS" | "AUD" | "AWG" | "AZN" | "BAM" | "BBD" | "BDT"
  | "BGN" | "BHD" | "BIF" | "BMD" | "BND" | "BOB" | "BRL" | "BSD" | "BTN" | "BWP" | "BYN" | "BZD" | "CAD"
  | "CDF" | "CHF" | "CLP" | "CNY" | "COP" | "CRC" | "CUP" | "CVE" | "CZK" | "DJF" | "DKK" | "DOP" | "DZD"
  | "EGP" | "ERN" | "ETB" | "EUR" | "FJD" | "FKP" | "GBP" | "GEL" | "GHS" | "GIP" | "GMD" | "GNF" | "GTQ"
  | "GYD" | "HKD" | "HNL" | "HTG" | "HUF" | "IDR" | "ILS" | "INR" | "IQD" | "IRR" | "ISK" | "JMD" | "JOD"
  | "JPY" | "KES" | "KGS" | "KHR" | "KMF" | "KPW" | "KRW" | "KWD" | "KYD" | "KZT" | "LAK" | "LBP" | "LKR"
  | "LRD" | "LSL" | "LYD" | "MAD" | "MDL" | "MGA" | "MKD" | "MMK" | "MNT" | "MOP" | "MRU" | "MUR" | "MVR"
  | "MWK" | "MXN" | "MYR" | "MZN" | "NAD" | "NGN" | "NIO" | "NOK" | "NPR" | "NZD" | "OMR" | "PAB" | "PEN"
  | "PGK" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RSD" | "RUB" | "RWF" | "SAR" | "SBD" | "SCR"
  | "SDG" | "SEK" | "SGD" | "SHP" | "SLE" | "SOS" | "SRD" | "SSP" | "STN" | "SVC" | "SYP" | "SZL" | "THB"
  | "TJS" | "TMT" | "TND" | "TOP" | "TRY" | "TTD" | "TWD" | "TZS" | "UAH" | "UGX" | "USD" | "UYU" | "UZS"
  | "VED" | "VES" | "VND" | "VUV" | "WST" | "XAF" | "XCD" | "XCG" | "XOF" | "XPF" | "YER" | "ZAR" | "ZMW"
  | "ZWG";

/** The one block of personal data: only in events that shipping and notification need. */
export interface Customer {
  /**
   * Where messages go; empty when there is none.
   *
   * @defaultValue `""`
   */
  email?: string;
  /**
   * BCP 47 language tag, such as `en-GB`; empty means the shop's own.
   *
   * @defaultValue `""`
   */
  locale?: string;
  /**
   * As the customer wants to be addressed; may be empty.
   *
   * @defaultValue `""`
   */
  name?: string;
}

/** Who buys. `guest-<invoice>` where the shop does not know. */
export type CustomerId = string;

/**
 * Why a payment was refused, in words that providers have in common.
 *
 * - `insufficient_funds`: Not enough money or credit.
 * - `card_expired`: The card is no longer valid.
 * - `lost_or_stolen`: The card is blocked.
 * - `suspected_fraud`: The provider or the issuer suspects fraud.
 * - `authentication_failed`: The customer did not confirm the payment, or not in time.
 * - `invalid_method`: The token is unknown, used up, or not for this currency.
 * - `do_not_honour`: The issuer gives no reason.
 * - `provider_error`: The provider proved that nothing happened and cannot do better.
 */
export type DeclineReason =
  | "insufficient_funds" | "card_expired" | "lost_or_stolen" | "suspected_fraud"
  | "authentication_failed" | "invalid_method" | "do_not_honour" | "provider_error" | (string & {});

/** What is taken off a price. */
export interface Discount {
  /** How much, in minor units. */
  amount_minor: number;
  /** The campaign or coupon that gave it, such as `SPRING-10`. */
  code: string;
}

/** A dispute, as the payment provider numbers it. */
export type DisputeId = string;

/**
 * How a dispute stands.
 *
 * - `opened`: The customer contests; the provider holds the money.
 * - `won`: Decided for the shop; the money is back.
 * - `lost`: Decided for the customer; the money is gone.
 */
export type DisputeStatus = "opened" | "won" | "lost" | (string & {});

/**
 * How far a failed parcel got; decides what happens to goods and money.
 *
 * - `before_handover`: It never left: the order is cancelled, the goods are still there.
 * - `lost`: The carrier lost it: written off, refunded.
 * - `returned`: The carrier brought it back: quarantined, refunded.
 */
export type FailedStage = "before_handover" | "lost" | "returned" | (string & {});

/** What one line is worth in the customer's money. The shares of an order add up to its total, so a refund by line never has to round again. */
export interface FrozenShare {
  /** Its own discounts and its share of the order's, weighted by what is left of the price, in minor units. */
  discount_minor: number;
  /** Its share of all fees by largest remainder, weighted by `goods_minor`, in minor units. */
  fee_minor: number;
  /** Quantity times unit price, in minor units. */
  goods_minor: number;
  /** The line: an order has each SKU once. */
  sku: Sku;
  /** Its tax, in minor units. */
  tax_minor: number;
}

/** Stock held for a cart, for a short while. */
export type HoldId = string;

/** An uploaded picture of a product. */
export type ImageId = string;

/**
 * Why a picture cannot be used.
 *
 * - `unsupported_format`: Not a picture in a format that is taken.
 * - `too_many_bytes`: More bytes than are taken.
 * - `too_many_pixels`: More pixels than are taken.
 * - `corrupt`: Cut off or damaged.
 */
export type ImageProblem = "unsupported_format" | "too_many_bytes" | "too_many_pixels" | "corrupt" | (string & {});

/** One SKU of an order, at the price that the shop asked. */
export interface Line {
  /** How many pieces. */
  quantity: Quantity;
  /** What is bought. */
  sku: Sku;
  /** The price of one piece, in minor units of the order's currency; not negative. */
  unit_price_minor: number;
}

/** Some pieces of one SKU: in a parcel, in a return. */
export interface LineQuantity {
  /** How many pieces. */
  quantity: Quantity;
  /** What. */
  sku: Sku;
}

/** Where stock lies. */
export type LocationId = string;

/**
 * Why a message was not sent.
 *
 * - `no_address`: The customer left no address.
 * - `bad_address`: The address does not exist.
 * - `suppressed`: The customer does not want it, or the address is blocked.
 * - `refused`: The carrier refused it.
 * - `unreachable`: The carrier could not be reached in all tries.
 */
export type NotSentReason = "no_address" | "bad_address" | "suppressed" | "refused" | "unreachable" | (string & {});

/** One message to one customer. */
export type NotificationId = string;

/** An order. Another application's order numbers are taken as they are. */
export type OrderId = string;

/**
 * Where an order stands.
 *
 * - `placed`: Taken; stock and payment are being arranged.
 * - `action_required`: The customer has to do something for the payment.
 * - `confirmed`: Stock is reserved and the payment is authorized.
 * - `cancelling`: Confirmed before; a cancel waits for the answer of shipping.
 * - `dispatched`: Handed over to the carrier.
 * - `delivered`: The customer has it.
 * - `completed`: Closed: delivered, and nothing is open.
 * - `cancelled`: Closed without goods; money that was taken is given back.
 */
export type OrderStatus =
  | "placed" | "action_required" | "confirmed" | "cancelling" | "dispatched" | "delivered" | "completed"
  | "cancelled" | (string & {});

/** A payment: one per order in this version, named after it. */
export type PaymentId = string;

/** How the customer pays: the payment provider's token, never a card. */
export interface PaymentMethod {
  /** The provider's name for the customer's card or account. */
  token: string;
}

/** One parcel that the customer was promised. */
export interface PlannedDelivery {
  /**
   * What the customer pays for it, its own tax included, in minor units.
   *
   * @defaultValue `0`
   */
  fee_minor?: number;
  /** What is in it. */
  lines: Array<LineQuantity>;
  /**
   * Where it goes.
   *
   * @defaultValue `{"city":"","country":"","line1":"","name":"","postcode":""}`
   */
  ship_to?: ShipTo;
}

/** One SKU of an order, with what is taken off its price and what comes on top. */
export interface PricedLine {
  /** Discounts on this line. */
  discounts?: Array<Discount>;
  /** How many pieces. */
  quantity: Quantity;
  /** What is bought. */
  sku: Sku;
  /** The tax of all its pieces, on top of the price, in minor units. 0 where it is in the price or not known. */
  tax_minor: number;
  /** The tax's rate in basis points: 2000 is 20 %. What counts is `tax_minor`; how it is rounded is the seller's. */
  tax_rate_bp: number;
  /** The price of one piece before discounts and tax, in minor units; not negative. */
  unit_price_minor: number;
}

/** A number of pieces of one SKU. */
export type Quantity = number;

/** One refund; an order may have several. */
export type RefundId = string;

/** What one line is worth in a refund. */
export interface RefundLine {
  /** Their share of goods and shipping fee, in minor units. */
  amount_minor: number;
  /** How many pieces. */
  quantity: Quantity;
  /** What. */
  sku: Sku;
}

/**
 * Why the customer is owed money.
 *
 * - `cancelled`: The order was cancelled after the money was taken.
 * - `returned`: The customer sent goods back.
 * - `lost`: The carrier lost the parcel.
 * - `undelivered`: The carrier brought the parcel back.
 */
export type RefundReason = "cancelled" | "returned" | "lost" | "undelivered" | (string & {});

/**
 * Why an order cannot be supplied.
 *
 * - `insufficient_stock`: Known, but not enough of it.
 * - `unknown_sku`: At least one SKU is not known at all.
 */
export type RejectReason = "insufficient_stock" | "unknown_sku" | (string & {});

/** Goods that a customer sends back. */
export type ReturnId = string;

/** Returned pieces of one SKU in one condition. */
export interface ReturnedLine {
  /** What they look like. */
  condition: Condition;
  /** How many pieces. */
  quantity: Quantity;
  /** What. */
  sku: Sku;
}

/** A visit to the storefront; says nothing about who visits. */
export type SessionId = string;

/** What one line of an order is worth in the customer's money. The shares of an order add up to its total, so a refund by line never has to round again. */
export interface Share {
  /** The line's share of the shipping fee by largest remainder, weighted by `goods_minor`, in minor units. */
  fee_minor: number;
  /** Quantity times unit price, in minor units. */
  goods_minor: number;
  /** The line: an order has each SKU once. */
  sku: Sku;
}

/** Where the parcel goes; personal data like `Customer`. */
export interface ShipTo {
  /**
   * City.
   *
   * @defaultValue `""`
   */
  city?: string;
  /**
   * ISO 3166-1 alpha-2, such as `GB`.
   *
   * @defaultValue `""`
   */
  country?: string;
  /**
   * Street and house number.
   *
   * @defaultValue `""`
   */
  line1?: string;
  /** Flat, floor, company. */
  line2?: string;
  /**
   * Who receives it.
   *
   * @defaultValue `""`
   */
  name?: string;
  /**
   * Postal code as the country writes it.
   *
   * @defaultValue `""`
   */
  postcode?: string;
  /** State or province, where the country's post wants one. */
  region?: string;
}

/** A parcel and its journey: one per order in this version, named after it. */
export type ShipmentId = string;

/** A SKU of which there is not enough. */
export interface Shortage {
  /** How many pieces could be had; 0 for an unknown SKU. */
  available: number;
  /** What. */
  sku: Sku;
  /** How many pieces the order wants. */
  wanted: Quantity;
}

/** What is sold, as the shop names it. */
export type Sku = string;

/** Some pieces of one SKU at one location. A SKU may be taken from several. */
export interface StockLine {
  /** Where they lie. */
  location: LocationId;
  /** How many pieces. */
  quantity: Quantity;
  /** What. */
  sku: Sku;
}

/**
 * Why a parcel cannot be stopped.
 *
 * - `already_dispatched`: The carrier has it.
 * - `already_delivered`: The customer has it.
 */
export type StopRefusal = "already_dispatched" | "already_delivered" | (string & {});

/** An instant in RFC 3339; written in UTC with six decimal places. */
export type Timestamp = string;

/**
 * Where a parcel is, in steps that carriers have in common.
 *
 * - `pre_transit`: Labelled; the carrier has not scanned it.
 * - `in_transit`: On its way.
 * - `out_for_delivery`: With the driver.
 * - `ready_for_pickup`: Waits for the customer.
 * - `delayed`: Late, or held by customs.
 * - `delivery_failed`: Nobody took it; it will be tried again.
 * - `delivered`: Delivered.
 * - `returning`: On its way back.
 * - `returned`: Back at the sender's.
 * - `lost`: Lost.
 */
export type TrackingStatus =
  | "pre_transit" | "in_transit" | "out_for_delivery" | "ready_for_pickup" | "delayed"
  | "delivery_failed" | "delivered" | "returning" | "returned" | "lost" | (string & {});

/** One size and format of a picture. */
export interface Variant {
  /** Media type, such as `image/webp`. */
  content_type: string;
  /** Height in pixels. */
  height_px: number;
  /** Where it is kept. */
  object_key: string;
  /** How large the file is. */
  size_bytes: number;
  /** Width in pixels. */
  width_px: number;
}

/**
 * An order was taken. `data` is the body of `POST /orders` with what taking it added.
 *
 * The body of `shop.banyan.order.placed.v1`, version 1.0.0.
 *
 * @deprecated Nobody publishes it from 2027-12-31 on: read the next major.
 */
export interface OrderPlacedV1 {
  /** What each line is worth, frozen for later refunds; another application may leave it out. */
  allocation?: Array<Share>;
  /**
   * Where it was sold, such as `web`.
   *
   * @defaultValue `"web"`
   */
  channel?: string;
  /** Of all amounts. */
  currency: Currency;
  /**
   * Who to write to.
   *
   * @defaultValue `{"email":"","locale":"","name":""}`
   */
  customer?: Customer;
  /** Who buys. */
  customer_id: CustomerId;
  /** The cart's hold on stock, which this order takes over. */
  hold_id?: HoldId;
  /** What is bought. Ours have each SKU once; another application's may repeat one. */
  lines: Array<Line>;
  /** The order. */
  order_id: OrderId;
  /** How it is paid. */
  payment_method: PaymentMethod;
  /** When it was taken. */
  placed_at: Timestamp;
  /**
   * Where it goes.
   *
   * @defaultValue `{"city":"","country":"","line1":"","name":"","postcode":""}`
   */
  ship_to?: ShipTo;
  /**
   * What the customer pays for shipping, in minor units.
   *
   * @defaultValue `0`
   */
  shipping_fee_minor?: number;
  /** Lines plus shipping, in minor units. */
  total_minor: number;
}

/**
 * An order was taken: version 2 splits what v1 had in one price.
 *
 * The body of `shop.banyan.order.placed.v2`, version 2.0.0.
 */
export interface OrderPlacedV2 {
  /** What each line is worth, frozen for later refunds; another application may leave it out. */
  allocation?: Array<FrozenShare>;
  /**
   * Where it was sold, such as `web`.
   *
   * @defaultValue `"web"`
   */
  channel?: string;
  /** Of all amounts. */
  currency: Currency;
  /**
   * Who to write to.
   *
   * @defaultValue `{"email":"","locale":"","name":""}`
   */
  customer?: Customer;
  /** Who buys. */
  customer_id: CustomerId;
  /** The parcels that the customer was promised. Together they hold exactly what is bought. */
  deliveries: Array<PlannedDelivery>;
  /** All discounts, of the order and of its lines, in minor units. */
  discount_minor: number;
  /** Discounts on the order as a whole, besides those on its lines. */
  discounts?: Array<Discount>;
  /** The cart's hold on stock, which this order takes over. */
  hold_id?: HoldId;
  /** What is bought. Ours have each SKU once; another application's may repeat one. */
  lines: Array<PricedLine>;
  /** The order. */
  order_id: OrderId;
  /** How it is paid. */
  payment_method: PaymentMethod;
  /** When it was taken. */
  placed_at: Timestamp;
  /** The tax of all lines, in minor units. */
  tax_minor: number;
  /** Goods less discounts, plus tax and the fees of all deliveries, in minor units: what the customer pays. */
  total_minor: number;
}

/**
 * Stock is reserved and the payment is authorized. Carries all that booking a parcel and writing to the customer need.
 *
 * The body of `shop.banyan.order.confirmed.v1`, version 1.1.0.
 */
export interface OrderConfirmedV1 {
  /** When it was confirmed. */
  confirmed_at: Timestamp;
  /** Of all amounts. */
  currency: Currency;
  /**
   * Who to write to.
   *
   * @defaultValue `{"email":"","locale":"","name":""}`
   */
  customer?: Customer;
  /** Who buys. */
  customer_id: CustomerId;
  /** What was taken off the prices of the lines, in minor units. Since 1.1.0. */
  discount_minor?: number;
  /** What is bought, each SKU once. */
  lines: Array<Line>;
  /** The order. */
  order_id: OrderId;
  /** The authorized payment. */
  payment_id: PaymentId;
  /**
   * Where it goes.
   *
   * @defaultValue `{"city":"","country":"","line1":"","name":"","postcode":""}`
   */
  ship_to?: ShipTo;
  /** What the customer pays for shipping, in minor units. */
  shipping_fee_minor: number;
  /** From where each line is taken; empty when `orders` has not heard it yet. */
  stock?: Array<StockLine>;
  /** What tax adds to the prices of the lines, in minor units. Since 1.1.0. */
  tax_minor?: number;
  /** Lines less discounts, plus tax and shipping, in minor units. */
  total_minor: number;
}

/**
 * A confirmed order is to be cancelled; shipping answers `shipment.stopped` or `shipment.stop-refused`.
 *
 * The body of `shop.banyan.order.cancel-requested.v1`, version 1.0.0.
 */
export interface OrderCancelRequestedV1 {
  /** The order. */
  order_id: OrderId;
  /** Why. */
  reason: CancelReason;
  /** When it was asked for. */
  requested_at: Timestamp;
}

/**
 * The order ended without goods: reservations and authorizations are let go.
 *
 * The body of `shop.banyan.order.cancelled.v1`, version 1.0.0.
 */
export interface OrderCancelledV1 {
  /** When it was cancelled. */
  cancelled_at: Timestamp;
  /** Of the total. */
  currency: Currency;
  /** Who wanted to buy. */
  customer_id: CustomerId;
  /** The order. */
  order_id: OrderId;
  /** Why. */
  reason: CancelReason;
  /** What the customer would have paid, in minor units. */
  total_minor: number;
  /** Whether it had been confirmed, and so a parcel had to be stopped first. */
  was_confirmed: boolean;
}

/**
 * The customer is owed money back. Only `orders` says so, and payment refunds on this event only.
 *
 * The body of `shop.banyan.order.refund-due.v1`, version 1.0.0.
 */
export interface OrderRefundDueV1 {
  /** What to give back, in minor units; the sum of the lines. */
  amount_minor: number;
  /** Of all amounts. */
  currency: Currency;
  /** When it fell due. */
  due_at: Timestamp;
  /** For what. */
  lines: Array<RefundLine>;
  /** The order. */
  order_id: OrderId;
  /** The payment to refund. */
  payment_id: PaymentId;
  /** Why. */
  reason: RefundReason;
  /** Names this refund for good: the same id never moves money twice. */
  refund_id: RefundId;
}

/**
 * The order ended well.
 *
 * The body of `shop.banyan.order.completed.v1`, version 1.0.0.
 */
export interface OrderCompletedV1 {
  /** When it was closed. */
  completed_at: Timestamp;
  /** Of all amounts. */
  currency: Currency;
  /** Who bought. */
  customer_id: CustomerId;
  /** What was bought. */
  lines: Array<Line>;
  /** The order. */
  order_id: OrderId;
  /** What the customer paid, in minor units. */
  total_minor: number;
}

/**
 * A confirmed order has waited too long. An alarm: no money moves.
 *
 * The body of `shop.banyan.order.stalled.v1`, version 1.0.0.
 */
export interface OrderStalledV1 {
  /** The order. */
  order_id: OrderId;
  /** When the alarm was raised. */
  stalled_at: Timestamp;
  /** Where it stands. */
  status: OrderStatus;
  /** The name of the event that did not come, such as `shipment.ready`. */
  waiting_for: string;
  /** Since when it waits. */
  waiting_since: Timestamp;
}

/**
 * All lines of the order are reserved, until the order is cancelled or its goods leave.
 *
 * The body of `shop.banyan.stock.reserved.v1`, version 1.0.0.
 */
export interface StockReservedV1 {
  /** What is reserved, and where. */
  lines: Array<StockLine>;
  /** The order. */
  order_id: OrderId;
}

/**
 * The order cannot be supplied; nothing is reserved.
 *
 * The body of `shop.banyan.stock.rejected.v1`, version 1.0.0.
 */
export interface StockRejectedV1 {
  /** The order. */
  order_id: OrderId;
  /** Why; `unknown_sku` wins when both apply. */
  reason: RejectReason;
  /** The lines that cannot be supplied. */
  short: Array<Shortage>;
}

/**
 * How much of a SKU there is at a location now. `on_hand` is the sum of the four parts.
 *
 * The body of `shop.banyan.stock.level-changed.v1`, version 1.0.0.
 */
export interface StockLevelChangedV1 {
  /** Pieces of confirmed orders that have not left. */
  allocated: number;
  /** Pieces that can be sold. */
  available: number;
  /** Where. */
  location: LocationId;
  /** Pieces that lie there. */
  on_hand: number;
  /** Pieces that came back and wait for a decision. */
  quarantine: number;
  /** Pieces reserved for orders that are not confirmed, and held for carts. */
  reserved: number;
  /** What. */
  sku: Sku;
}

/**
 * A SKU fell to its threshold at a location.
 *
 * The body of `shop.banyan.stock.low.v1`, version 1.0.0.
 */
export interface StockLowV1 {
  /** Pieces that can be sold. */
  available: number;
  /** Where. */
  location: LocationId;
  /** What. */
  sku: Sku;
  /** The threshold in pieces. */
  threshold: number;
}

/**
 * Less is on hand than was promised: one event for each order that cannot be supplied any more.
 *
 * The body of `shop.banyan.stock.short.v1`, version 1.0.0.
 */
export interface StockShortV1 {
  /** When it was found. */
  found_at: Timestamp;
  /** Where. */
  location: LocationId;
  /** How many promised pieces are missing. */
  missing: Quantity;
  /** The order that loses its stock; absent when only holds of carts are affected. */
  order_id?: OrderId;
  /** What. */
  sku: Sku;
}

/**
 * The provider has set the money aside.
 *
 * The body of `shop.banyan.payment.authorized.v1`, version 1.0.0.
 */
export interface PaymentAuthorizedV1 {
  /** What is set aside, in minor units. */
  amount_minor: number;
  /** When. */
  authorized_at: Timestamp;
  /** Of the amount. */
  currency: Currency;
  /** Until when, where the provider says so. */
  expires_at?: Timestamp;
  /** The order. */
  order_id: OrderId;
  /** The payment. */
  payment_id: PaymentId;
  /** Who moves the money, such as `stripe`. */
  provider: string;
  /** The provider's name for it. */
  provider_reference: string;
}

/**
 * The provider refused; no money is set aside.
 *
 * The body of `shop.banyan.payment.declined.v1`, version 1.0.0.
 */
export interface PaymentDeclinedV1 {
  /** What was asked for, in minor units. */
  amount_minor: number;
  /** Of the amount. */
  currency: Currency;
  /** When. */
  declined_at: Timestamp;
  /** The order. */
  order_id: OrderId;
  /** The payment. */
  payment_id: PaymentId;
  /** Who moves the money, such as `stripe`. */
  provider: string;
  /** What the provider said, such as `do_not_honor`. */
  provider_code?: string;
  /** The provider's name for it; absent when the provider never answered. */
  provider_reference?: string;
  /** Why. */
  reason: DeclineReason;
}

/**
 * The customer has to confirm the payment, for instance by 3-D Secure.
 *
 * The body of `shop.banyan.payment.action-required.v1`, version 1.0.0.
 */
export interface PaymentActionRequiredV1 {
  /** Where the customer does it. */
  action_url: string;
  /** What is to be set aside, in minor units. */
  amount_minor: number;
  /** Of the amount. */
  currency: Currency;
  /** Until when, where the provider says so. */
  expires_at?: Timestamp;
  /** The order. */
  order_id: OrderId;
  /** The payment. */
  payment_id: PaymentId;
  /** Who moves the money, such as `stripe`. */
  provider: string;
  /** The provider's name for it. */
  provider_reference: string;
  /** When. */
  required_at: Timestamp;
}

/**
 * The customer did what the payment asked for; whether the money is set aside is said next.
 *
 * The body of `shop.banyan.payment.action-completed.v1`, version 1.0.0.
 */
export interface PaymentActionCompletedV1 {
  /** What is to be set aside, in minor units. */
  amount_minor: number;
  /** When. */
  completed_at: Timestamp;
  /** Of the amount. */
  currency: Currency;
  /** The order. */
  order_id: OrderId;
  /** The payment. */
  payment_id: PaymentId;
  /** Who moves the money, such as `stripe`. */
  provider: string;
  /** The provider's name for it. */
  provider_reference: string;
}

/**
 * The money was taken: the parcel may be handed over.
 *
 * The body of `shop.banyan.payment.captured.v1`, version 1.0.0.
 */
export interface PaymentCapturedV1 {
  /** What was taken, in minor units. */
  amount_minor: number;
  /** When. */
  captured_at: Timestamp;
  /** Of the amount. */
  currency: Currency;
  /** The order. */
  order_id: OrderId;
  /** The payment. */
  payment_id: PaymentId;
  /** Who moves the money, such as `stripe`. */
  provider: string;
  /** The provider's name for it. */
  provider_reference: string;
}

/**
 * The money could not be taken: the parcel must not be handed over.
 *
 * The body of `shop.banyan.payment.capture-failed.v1`, version 1.0.0.
 */
export interface PaymentCaptureFailedV1 {
  /** What was to be taken, in minor units. */
  amount_minor: number;
  /** Of the amount. */
  currency: Currency;
  /** When. */
  failed_at: Timestamp;
  /** The order. */
  order_id: OrderId;
  /** The payment. */
  payment_id: PaymentId;
  /** Who moves the money, such as `stripe`. */
  provider: string;
  /** What the provider said, such as `do_not_honor`. */
  provider_code?: string;
  /** The provider's name for it; absent when the provider never answered. */
  provider_reference?: string;
  /** Why. */
  reason: CaptureFailure;
}

/**
 * The money is no longer set aside.
 *
 * The body of `shop.banyan.payment.authorization-expired.v1`, version 1.0.0.
 */
export interface PaymentAuthorizationExpiredV1 {
  /** What was set aside, in minor units. */
  amount_minor: number;
  /** Of the amount. */
  currency: Currency;
  /** When. */
  expired_at: Timestamp;
  /** The order. */
  order_id: OrderId;
  /** The payment. */
  payment_id: PaymentId;
  /** Who moves the money, such as `stripe`. */
  provider: string;
  /** The provider's name for it. */
  provider_reference: string;
}

/**
 * The provider gave money back.
 *
 * The body of `shop.banyan.payment.refunded.v1`, version 1.0.0.
 */
export interface PaymentRefundedV1 {
  /** What was given back by this refund, in minor units. */
  amount_minor: number;
  /** Of the amount. */
  currency: Currency;
  /** The order. */
  order_id: OrderId;
  /** The payment. */
  payment_id: PaymentId;
  /** Who moves the money, such as `stripe`. */
  provider: string;
  /** The provider's name for it. */
  provider_reference: string;
  /** The refund, as `order.refund-due` named it. */
  refund_id: RefundId;
  /** When. */
  refunded_at: Timestamp;
  /** All refunds of this payment so far, in minor units. */
  refunded_total_minor: number;
}

/**
 * The authorization was let go; no money moved.
 *
 * The body of `shop.banyan.payment.voided.v1`, version 1.0.0.
 */
export interface PaymentVoidedV1 {
  /** What had been set aside, in minor units. */
  amount_minor: number;
  /** Of the amount. */
  currency: Currency;
  /** The order. */
  order_id: OrderId;
  /** The payment. */
  payment_id: PaymentId;
  /** Who moves the money, such as `stripe`. */
  provider: string;
  /** The provider's name for it. */
  provider_reference: string;
  /** When. */
  voided_at: Timestamp;
}

/**
 * The customer contests the payment, or a dispute was decided. A separate account: no refund follows from it.
 *
 * The body of `shop.banyan.payment.disputed.v1`, version 1.0.0.
 */
export interface PaymentDisputedV1 {
  /** What is contested, in minor units. */
  amount_minor: number;
  /** Of the amount. */
  currency: Currency;
  /** The dispute. */
  dispute_id: DisputeId;
  /** When. */
  disputed_at: Timestamp;
  /** Until when evidence is taken. */
  evidence_due_at?: Timestamp;
  /** The order. */
  order_id: OrderId;
  /** The payment. */
  payment_id: PaymentId;
  /** Who moves the money, such as `stripe`. */
  provider: string;
  /** The reason in the provider's words, such as `fraudulent`. */
  provider_code?: string;
  /** The provider's name for it. */
  provider_reference: string;
  /** How it stands. */
  status: DisputeStatus;
}

/**
 * A parcel was booked with a carrier.
 *
 * The body of `shop.banyan.shipment.created.v1`, version 1.0.0.
 */
export interface ShipmentCreatedV1 {
  /** Who carries it. */
  carrier: string;
  /** When. */
  created_at: Timestamp;
  /** What is in it. */
  lines: Array<LineQuantity>;
  /** The order. */
  order_id: OrderId;
  /** The parcel. */
  shipment_id: ShipmentId;
}

/**
 * The parcel is packed and labelled: payment takes the money now.
 *
 * The body of `shop.banyan.shipment.ready.v1`, version 1.0.0.
 */
export interface ShipmentReadyV1 {
  /** Who carries it. */
  carrier: string;
  /** What is in it. */
  lines: Array<LineQuantity>;
  /** The order. */
  order_id: OrderId;
  /** When. */
  ready_at: Timestamp;
  /** The parcel. */
  shipment_id: ShipmentId;
  /** The carrier's number for it. */
  tracking_number: string;
}

/**
 * The parcel will not leave. Also the answer when there is no parcel yet: then there will be none.
 *
 * The body of `shop.banyan.shipment.stopped.v1`, version 1.0.0.
 */
export interface ShipmentStoppedV1 {
  /** The order. */
  order_id: OrderId;
  /** The parcel, when there was one. */
  shipment_id?: ShipmentId;
  /** When. */
  stopped_at: Timestamp;
}

/**
 * The parcel has left; the order goes on.
 *
 * The body of `shop.banyan.shipment.stop-refused.v1`, version 1.0.0.
 */
export interface ShipmentStopRefusedV1 {
  /** The order. */
  order_id: OrderId;
  /** Why. */
  reason: StopRefusal;
  /** When it was refused. */
  refused_at: Timestamp;
  /** The parcel. */
  shipment_id: ShipmentId;
}

/**
 * The parcel was handed over to the carrier: what is in it is sold.
 *
 * The body of `shop.banyan.shipment.dispatched.v1`, version 1.0.0.
 */
export interface ShipmentDispatchedV1 {
  /** Who carries it. */
  carrier: string;
  /** When. */
  dispatched_at: Timestamp;
  /** What is in it. */
  lines: Array<LineQuantity>;
  /** The order. */
  order_id: OrderId;
  /** The parcel. */
  shipment_id: ShipmentId;
  /** The carrier's number for it. */
  tracking_number: string;
  /** Where the customer can follow it. */
  tracking_url?: string;
}

/**
 * The customer has the parcel.
 *
 * The body of `shop.banyan.shipment.delivered.v1`, version 1.0.0.
 */
export interface ShipmentDeliveredV1 {
  /** When, by the carrier's clock. */
  delivered_at: Timestamp;
  /** The order. */
  order_id: OrderId;
  /** The parcel. */
  shipment_id: ShipmentId;
}

/**
 * The parcel will not arrive.
 *
 * The body of `shop.banyan.shipment.failed.v1`, version 1.0.0.
 */
export interface ShipmentFailedV1 {
  /** What the carrier said, such as `address_unknown`. */
  carrier_code?: string;
  /** When. */
  failed_at: Timestamp;
  /** What was in it. */
  lines: Array<LineQuantity>;
  /** The order. */
  order_id: OrderId;
  /** The parcel; absent when not even booking it worked. */
  shipment_id?: ShipmentId;
  /** How far it got. */
  stage: FailedStage;
}

/**
 * Where the parcel is now.
 *
 * The body of `shop.banyan.shipment.tracked.v1`, version 1.0.0.
 */
export interface ShipmentTrackedV1 {
  /** The order. */
  order_id: OrderId;
  /** The place of the scan, as the carrier names it. */
  place?: string;
  /** When it was scanned, by the carrier's clock. */
  scanned_at: Timestamp;
  /** The parcel. */
  shipment_id: ShipmentId;
  /** Where it is. */
  status: TrackingStatus;
  /** The carrier's number for it. */
  tracking_number: string;
}

/**
 * The customer wants to send goods back; shipping makes the label.
 *
 * The body of `shop.banyan.return.requested.v1`, version 1.0.0.
 */
export interface ReturnRequestedV1 {
  /** Who. */
  customer_id: CustomerId;
  /** What is to come back. */
  lines: Array<LineQuantity>;
  /** The order. */
  order_id: OrderId;
  /**
   * Why, in the customer's words; may be empty.
   *
   * @defaultValue `""`
   */
  reason?: string;
  /** When it was asked for. */
  requested_at: Timestamp;
  /** This return; an order may have several. */
  return_id: ReturnId;
  /** The parcel that the goods came in, when there is one. */
  shipment_id?: ShipmentId;
}

/**
 * Returned goods arrived. Inventory quarantines and restocks them, orders decides the refund.
 *
 * The body of `shop.banyan.return.received.v1`, version 1.0.0.
 */
export interface ReturnReceivedV1 {
  /** What arrived, which may be less than was announced. */
  lines: Array<ReturnedLine>;
  /** Where the goods are now. */
  location: LocationId;
  /** The order. */
  order_id: OrderId;
  /** When. */
  received_at: Timestamp;
  /** The return. */
  return_id: ReturnId;
}

/**
 * A cart's hold on stock ran out and the stock can be sold again.
 *
 * The body of `shop.banyan.hold.expired.v1`, version 1.0.0.
 */
export interface HoldExpiredV1 {
  /** The cart it was for, when the storefront said so. */
  cart_id?: CartId;
  /** When it ran out. */
  expired_at: Timestamp;
  /** The hold. */
  hold_id: HoldId;
  /** What was held, and where. */
  lines: Array<StockLine>;
}

/**
 * A picture was uploaded and kept.
 *
 * The body of `shop.banyan.product.image-uploaded.v1`, version 1.0.0.
 */
export interface ProductImageUploadedV1 {
  /** What the bytes are, found by looking at them: `image/jpeg`. */
  content_type: string;
  /** The picture. */
  image_id: ImageId;
  /** Where the original is kept. */
  object_key: string;
  /** SHA-256 of the file in lower-case hex. */
  sha256: string;
  /** How large the file is. */
  size_bytes: number;
  /** Of which product. */
  sku: Sku;
  /** When. */
  uploaded_at: Timestamp;
}

/**
 * The sizes and formats of a picture are ready.
 *
 * The body of `shop.banyan.product.image-optimized.v1`, version 1.0.0.
 */
export interface ProductImageOptimizedV1 {
  /** Height of the original in pixels, upright. */
  height_px: number;
  /** The picture. */
  image_id: ImageId;
  /** When. */
  optimized_at: Timestamp;
  /** How large the original was. */
  original_bytes: number;
  /** Of which product. */
  sku: Sku;
  /** What was made. */
  variants: Array<Variant>;
  /** Width of the original in pixels, upright. */
  width_px: number;
}

/**
 * An uploaded picture cannot be used.
 *
 * The body of `shop.banyan.product.image-rejected.v1`, version 1.0.0.
 */
export interface ProductImageRejectedV1 {
  /** What was found, in words. */
  detail?: string;
  /** The picture. */
  image_id: ImageId;
  /** Why. */
  reason: ImageProblem;
  /** When. */
  rejected_at: Timestamp;
  /** Of which product. */
  sku: Sku;
}

/**
 * A visitor looked at a product.
 *
 * The body of `shop.banyan.product.viewed.v1`, version 1.0.0.
 */
export interface ProductViewedV1 {
  /** Who, when signed in. */
  customer_id?: CustomerId;
  /** The visit. */
  session_id?: SessionId;
  /** What. */
  sku: Sku;
  /** When. */
  viewed_at: Timestamp;
}

/**
 * A visitor put a product into the cart.
 *
 * The body of `shop.banyan.cart.item-added.v1`, version 1.0.0.
 */
export interface CartItemAddedV1 {
  /** When. */
  added_at: Timestamp;
  /** The cart. */
  cart_id: CartId;
  /** Who, when signed in. */
  customer_id?: CustomerId;
  /** How many pieces were added. */
  quantity: Quantity;
  /** The visit. */
  session_id?: SessionId;
  /** What. */
  sku: Sku;
}

/**
 * A message was handed to its carrier.
 *
 * The body of `shop.banyan.notification.sent.v1`, version 1.0.0.
 */
export interface NotificationSentV1 {
  /** How. */
  channel: Channel;
  /** To whom. */
  customer_id?: CustomerId;
  /** The message. */
  notification_id: NotificationId;
  /** The order it is about. */
  order_id?: OrderId;
  /** The carrier's name for the message. */
  provider_reference?: string;
  /** When. */
  sent_at: Timestamp;
  /** Which text, such as `order-confirmed`. */
  template: string;
}

/**
 * A message could not be sent and will not be tried again.
 *
 * The body of `shop.banyan.notification.failed.v1`, version 1.0.0.
 */
export interface NotificationFailedV1 {
  /** How. */
  channel: Channel;
  /** To whom. */
  customer_id?: CustomerId;
  /** When it was given up. */
  failed_at: Timestamp;
  /** The message. */
  notification_id: NotificationId;
  /** The order it is about. */
  order_id?: OrderId;
  /** What the carrier said, without personal data. */
  provider_code?: string;
  /** Why. */
  reason: NotSentReason;
  /** Which text, such as `order-confirmed`. */
  template: string;
}

/** Every event by its `type`. */
export interface EventMap {
  /** an order was taken, here or by another application */
  "shop.banyan.order.placed.v1": Envelope<"shop.banyan.order.placed.v1", OrderPlacedV1>;
  /** an order was taken: with tax, discounts and several deliveries */
  "shop.banyan.order.placed.v2": Envelope<"shop.banyan.order.placed.v2", OrderPlacedV2>;
  /** stock is reserved and the payment is authorized: ship it */
  "shop.banyan.order.confirmed.v1": Envelope<"shop.banyan.order.confirmed.v1", OrderConfirmedV1>;
  /** a confirmed order is to be cancelled: stop the parcel if you still can */
  "shop.banyan.order.cancel-requested.v1": Envelope<"shop.banyan.order.cancel-requested.v1", OrderCancelRequestedV1>;
  /** the order ended without goods */
  "shop.banyan.order.cancelled.v1": Envelope<"shop.banyan.order.cancelled.v1", OrderCancelledV1>;
  /** the customer is owed money back */
  "shop.banyan.order.refund-due.v1": Envelope<"shop.banyan.order.refund-due.v1", OrderRefundDueV1>;
  /** the order ended with the customer's goods delivered */
  "shop.banyan.order.completed.v1": Envelope<"shop.banyan.order.completed.v1", OrderCompletedV1>;
  /** a confirmed order has waited too long for its next stage: a person should look */
  "shop.banyan.order.stalled.v1": Envelope<"shop.banyan.order.stalled.v1", OrderStalledV1>;
  /** all lines of the order are reserved */
  "shop.banyan.stock.reserved.v1": Envelope<"shop.banyan.stock.reserved.v1", StockReservedV1>;
  /** the order cannot be supplied; nothing is reserved */
  "shop.banyan.stock.rejected.v1": Envelope<"shop.banyan.stock.rejected.v1", StockRejectedV1>;
  /** how much of a SKU there is at a location now */
  "shop.banyan.stock.level-changed.v1": Envelope<"shop.banyan.stock.level-changed.v1", StockLevelChangedV1>;
  /** a SKU fell to its threshold at a location */
  "shop.banyan.stock.low.v1": Envelope<"shop.banyan.stock.low.v1", StockLowV1>;
  /** less is on hand than was promised */
  "shop.banyan.stock.short.v1": Envelope<"shop.banyan.stock.short.v1", StockShortV1>;
  /** the provider has set the money aside */
  "shop.banyan.payment.authorized.v1": Envelope<"shop.banyan.payment.authorized.v1", PaymentAuthorizedV1>;
  /** the provider refused; no money is set aside */
  "shop.banyan.payment.declined.v1": Envelope<"shop.banyan.payment.declined.v1", PaymentDeclinedV1>;
  /** the customer has to confirm the payment */
  "shop.banyan.payment.action-required.v1": Envelope<"shop.banyan.payment.action-required.v1", PaymentActionRequiredV1>;
  /** the customer did what the payment asked for */
  "shop.banyan.payment.action-completed.v1": Envelope<"shop.banyan.payment.action-completed.v1", PaymentActionCompletedV1>;
  /** the money was taken: the parcel may be handed over */
  "shop.banyan.payment.captured.v1": Envelope<"shop.banyan.payment.captured.v1", PaymentCapturedV1>;
  /** the money could not be taken: the parcel must not be handed over */
  "shop.banyan.payment.capture-failed.v1": Envelope<"shop.banyan.payment.capture-failed.v1", PaymentCaptureFailedV1>;
  /** the money is no longer set aside */
  "shop.banyan.payment.authorization-expired.v1": Envelope<"shop.banyan.payment.authorization-expired.v1", PaymentAuthorizationExpiredV1>;
  /** the provider gave money back */
  "shop.banyan.payment.refunded.v1": Envelope<"shop.banyan.payment.refunded.v1", PaymentRefundedV1>;
  /** the authorization was let go; no money moved */
  "shop.banyan.payment.voided.v1": Envelope<"shop.banyan.payment.voided.v1", PaymentVoidedV1>;
  /** the customer contests the payment, or a dispute was decided */
  "shop.banyan.payment.disputed.v1": Envelope<"shop.banyan.payment.disputed.v1", PaymentDisputedV1>;
  /** a parcel was booked */
  "shop.banyan.shipment.created.v1": Envelope<"shop.banyan.shipment.created.v1", ShipmentCreatedV1>;
  /** the parcel is packed: take the money */
  "shop.banyan.shipment.ready.v1": Envelope<"shop.banyan.shipment.ready.v1", ShipmentReadyV1>;
  /** the parcel will not leave, also when there was none yet */
  "shop.banyan.shipment.stopped.v1": Envelope<"shop.banyan.shipment.stopped.v1", ShipmentStoppedV1>;
  /** the parcel has left and cannot be stopped */
  "shop.banyan.shipment.stop-refused.v1": Envelope<"shop.banyan.shipment.stop-refused.v1", ShipmentStopRefusedV1>;
  /** the parcel was handed over to the carrier */
  "shop.banyan.shipment.dispatched.v1": Envelope<"shop.banyan.shipment.dispatched.v1", ShipmentDispatchedV1>;
  /** the customer has the parcel */
  "shop.banyan.shipment.delivered.v1": Envelope<"shop.banyan.shipment.delivered.v1", ShipmentDeliveredV1>;
  /** the parcel will not arrive */
  "shop.banyan.shipment.failed.v1": Envelope<"shop.banyan.shipment.failed.v1", ShipmentFailedV1>;
  /** where the parcel is now */
  "shop.banyan.shipment.tracked.v1": Envelope<"shop.banyan.shipment.tracked.v1", ShipmentTrackedV1>;
  /** the customer wants to send goods back */
  "shop.banyan.return.requested.v1": Envelope<"shop.banyan.return.requested.v1", ReturnRequestedV1>;
  /** returned goods arrived and were looked at */
  "shop.banyan.return.received.v1": Envelope<"shop.banyan.return.received.v1", ReturnReceivedV1>;
  /** a cart's hold on stock ran out */
  "shop.banyan.hold.expired.v1": Envelope<"shop.banyan.hold.expired.v1", HoldExpiredV1>;
  /** a picture of a product was uploaded */
  "shop.banyan.product.image-uploaded.v1": Envelope<"shop.banyan.product.image-uploaded.v1", ProductImageUploadedV1>;
  /** the sizes and formats of a picture are ready */
  "shop.banyan.product.image-optimized.v1": Envelope<"shop.banyan.product.image-optimized.v1", ProductImageOptimizedV1>;
  /** an uploaded picture cannot be used */
  "shop.banyan.product.image-rejected.v1": Envelope<"shop.banyan.product.image-rejected.v1", ProductImageRejectedV1>;
  /** a visitor looked at a product */
  "shop.banyan.product.viewed.v1": Envelope<"shop.banyan.product.viewed.v1", ProductViewedV1>;
  /** a visitor put a product into the cart */
  "shop.banyan.cart.item-added.v1": Envelope<"shop.banyan.cart.item-added.v1", CartItemAddedV1>;
  /** a message was handed to its carrier */
  "shop.banyan.notification.sent.v1": Envelope<"shop.banyan.notification.sent.v1", NotificationSentV1>;
  /** a message could not be sent */
  "shop.banyan.notification.failed.v1": Envelope<"shop.banyan.notification.failed.v1", NotificationFailedV1>;
}

/** Every `type` that these types know. */
export const EVENT_TYPES = [
  "shop.banyan.order.placed.v1",
  "shop.banyan.order.placed.v2",
  "shop.banyan.order.confirmed.v1",
  "shop.banyan.order.cancel-requested.v1",
  "shop.banyan.order.cancelled.v1",
  "shop.banyan.order.refund-due.v1",
  "shop.banyan.order.completed.v1",
  "shop.banyan.order.stalled.v1",
  "shop.banyan.stock.reserved.v1",
  "shop.banyan.stock.rejected.v1",
  "shop.banyan.stock.level-changed.v1",
  "shop.banyan.stock.low.v1",
  "shop.banyan.stock.short.v1",
  "shop.banyan.payment.authorized.v1",
  "shop.banyan.payment.declined.v1",
  "shop.banyan.payment.action-required.v1",
  "shop.banyan.payment.action-completed.v1",
  "shop.banyan.payment.captured.v1",
  "shop.banyan.payment.capture-failed.v1",
  "shop.banyan.payment.authorization-expired.v1",
  "shop.banyan.payment.refunded.v1",
  "shop.banyan.payment.voided.v1",
  "shop.banyan.payment.disputed.v1",
  "shop.banyan.shipment.created.v1",
  "shop.banyan.shipment.ready.v1",
  "shop.banyan.shipment.stopped.v1",
  "shop.banyan.shipment.stop-refused.v1",
  "shop.banyan.shipment.dispatched.v1",
  "shop.banyan.shipment.delivered.v1",
  "shop.banyan.shipment.failed.v1",
  "shop.banyan.shipment.tracked.v1",
  "shop.banyan.return.requested.v1",
  "shop.banyan.return.received.v1",
  "shop.banyan.hold.expired.v1",
  "shop.banyan.product.image-uploaded.v1",
  "shop.banyan.product.image-optimized.v1",
  "shop.banyan.product.image-rejected.v1",
  "shop.banyan.product.viewed.v1",
  "shop.banyan.cart.item-added.v1",
  "shop.banyan.notification.sent.v1",
  "shop.banyan.notification.failed.v1",
] as const satisfies readonly EventType[];

/** Every event, told apart by its `type`. */
export type BanyanEvent = EventMap[EventType];

/** The type of an event on the wire. */
export type EventType = keyof EventMap;

/** Whether `value` is a CloudEvent whose `type` these types know. Its `data` is not looked at. */
export function isBanyanEvent(value: unknown): value is BanyanEvent {
  const type = typeOf(value);
  return type !== undefined && (EVENT_TYPES as readonly string[]).includes(type);
}

/** Whether `value` is a CloudEvent of the given `type`. Its `data` is not looked at. */
export function isEvent<T extends EventType>(value: unknown, type: T): value is EventMap[T] {
  return typeOf(value) === type;
}

function typeOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { specversion, type, data } = value as Record<string, unknown>;
  return specversion === "1.0" && typeof type === "string" && data !== undefined ? type : undefined;
}
