// What a team does that builds against the types. It is compiled, never run: what must not compile says so.
import { EVENT_TYPES, isBanyanEvent, isEvent } from "../../contracts/typescript/banyan";
import type { BanyanEvent, CancelReason, EventMap, EventType } from "../../contracts/typescript/banyan";

/** The union is told apart by `type`. What is too large for the bus lies where `dataref` says. */
export function total(event: BanyanEvent): number | undefined {
  switch (event.type) {
    case "shop.banyan.order.placed.v1":
      return event.data?.total_minor;
    case "shop.banyan.order.refund-due.v1":
      return event.data && -event.data.lines.reduce((sum, line) => sum + line.amount_minor, 0);
    default:
      return undefined;
  }
}

/** What comes from a queue is unknown until it was looked at. */
export function order(message: unknown): string | undefined {
  if (isEvent(message, "shop.banyan.order.cancelled.v1")) return message.data?.order_id;
  return isBanyanEvent(message) ? message.correlationid : undefined;
}

/** Handlers by type, as a table. */
export const handlers: { [T in EventType]?: (event: EventMap[T]) => void } = {
  "shop.banyan.stock.low.v1": ({ data }) => void data?.threshold.toFixed(),
};

/** Words that these types do not know may come. */
export const reason: CancelReason = "a_word_of_tomorrow";
export const known: readonly EventType[] = EVENT_TYPES;

// @ts-expect-error a type that is not there
export const unknown: EventType = "shop.banyan.order.forgotten.v1";

export function wrong(event: EventMap["shop.banyan.order.placed.v1"]): void {
  // @ts-expect-error the data may lie elsewhere
  void event.data.total_minor;
  if (!event.data) return;
  // @ts-expect-error an amount is a number
  event.data.total_minor = "62.59";
  // @ts-expect-error there is no such field
  void event.data.total;
}
