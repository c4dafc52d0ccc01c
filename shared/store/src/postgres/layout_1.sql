-- Everything that a service keeps, whatever it is: documents and records have a body, counters have fields.
-- "C": ids and sort values are ordered by their bytes, whatever the database's own order is.
-- entries: the item's rows of "entry" as [["index","partition","sort"],...], so that a put finds what to remove
-- without an index on "entry" by id. A body that changes where entries and expiry stay needs no index at all, if its
-- page has room: hence the fill factor.
CREATE TABLE @schema@.item (
  collection text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  expires bigint,
  entries text COLLATE "C",
  body bytea,
  fields jsonb,
  PRIMARY KEY (collection, id)
) WITH (fillfactor = 85);

CREATE INDEX item_expires ON @schema@.item (expires) WHERE expires IS NOT NULL;

CREATE TABLE @schema@.entry (
  collection text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  partition text COLLATE "C" NOT NULL,
  sort text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  PRIMARY KEY (collection, name, partition, sort, id)
);

-- Units of work, judged and applied each as a whole or not at all. Answers for each change what became of its unit:
-- 0 committed, 1 duplicate, 2 conflict, 3 a counter would leave its range. No two units of one call touch one item, but
-- for checks, so that each is judged as if it were alone. The function takes the lock of every key first, in an order
-- that all callers share, and reads in a later statement, whose snapshot therefore holds whatever earlier holders
-- committed; it holds the locks until it is committed. So units are serializable, absent keys included, and never
-- deadlock with each other.
-- The arrays from units on run in parallel, one place per change. units: which unit it is of. writes: false = only judged.
-- kinds: 0 check, 1 put, 2 delete, 3 step, 4 the record.
CREATE FUNCTION @schema@.commit_units(
  in_locks bigint[], in_shared boolean[],
  in_units integer[], in_nows bigint[], in_nonces bigint[], in_writes boolean[],
  in_kinds smallint[], in_collections text[], in_ids text[], in_versions bigint[],
  in_expires bigint[], in_entries text[], in_bodies bytea[],
  in_adds text[], in_guards text[]
) RETURNS smallint[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  verdicts smallint[];
  kinds smallint[];
  versions bigint[];
  counted jsonb[];
  gone text[];
  come text[];
BEGIN
  PERFORM CASE WHEN l.is_shared THEN pg_advisory_xact_lock_shared(l.lock) ELSE pg_advisory_xact_lock(l.lock) END
  FROM unnest(in_locks, in_shared) AS l(lock, is_shared);

  -- What is not applied becomes a check: kind 0.
  SELECT
    array_agg(v.verdict),
    array_agg(v.applied),
    array_agg(CASE v.applied WHEN 3 THEN v.current + 1 ELSE v.nonce END),
    array_agg(v.next),
    array_agg(CASE WHEN v.applied <> 0 AND v.entries IS DISTINCT FROM v.had THEN v.had END),
    array_agg(CASE WHEN v.applied <> 0 AND v.entries IS DISTINCT FROM v.had THEN v.entries END)
  INTO verdicts, kinds, versions, counted, gone, come
  FROM (
    SELECT j.*, CASE WHEN j.verdict = 0 AND j.writes THEN j.kind ELSE 0::smallint END AS applied
    FROM (
      SELECT k.*, (CASE
        WHEN bool_or(k.kind = 4 AND k.is_live) OVER unit THEN 1
        WHEN bool_or(CASE k.kind
          WHEN 2 THEN k.version = 0 OR k.version <> k.current
          WHEN 3 THEN k.is_live AND k.fields IS NULL OR EXISTS (
            SELECT FROM jsonb_each_text(k.guards::jsonb) AS g
            WHERE coalesce((k.fields ->> g.key)::numeric, 0) < g.value::numeric)
          WHEN 4 THEN false
          ELSE k.version <> k.current
        END) OVER unit THEN 2
        WHEN bool_or(k.kind = 3 AND (
          (SELECT count(*) FROM jsonb_object_keys(k.next)) > 16
          OR EXISTS (
            SELECT FROM jsonb_each_text(k.next) AS n
            WHERE n.value::numeric NOT BETWEEN -9223372036854775808 AND 9223372036854775807))) OVER unit THEN 3
        ELSE 0
      END)::smallint AS verdict
      FROM (
        SELECT c.*, i.entries AS had, l.is_live,
          CASE WHEN l.is_live THEN i.version ELSE 0 END AS current,
          CASE WHEN l.is_live THEN i.fields END AS fields,
          CASE WHEN c.kind = 3 THEN
            coalesce(CASE WHEN l.is_live THEN i.fields END, '{}') || coalesce((
              SELECT jsonb_object_agg(a.key,
                coalesce((CASE WHEN l.is_live THEN i.fields END ->> a.key)::numeric, 0) + a.value::numeric)
              FROM jsonb_each_text(c.adds::jsonb) AS a), '{}') END AS next
        FROM unnest(in_units, in_nows, in_nonces, in_writes, in_kinds, in_collections, in_ids, in_versions,
            in_entries, in_adds, in_guards)
          WITH ORDINALITY AS c(unit, now, nonce, writes, kind, collection, id, version, entries, adds, guards, place)
        LEFT JOIN @schema@.item AS i ON i.collection = c.collection AND i.id = c.id
        CROSS JOIN LATERAL (
          SELECT i.id IS NOT NULL AND (i.expires IS NULL OR i.expires > c.now) AS is_live) AS l
        -- Keeps the planner from copying what makes "next" to each place that reads it.
        OFFSET 0
      ) AS k
      WINDOW unit AS (PARTITION BY k.unit)
    ) AS j
    ORDER BY j.place
  ) AS v;

  IF array_remove(gone, NULL) <> '{}' THEN
    DELETE FROM @schema@.entry AS e
    USING unnest(in_collections, in_ids, gone) AS c(collection, id, entries),
      LATERAL jsonb_array_elements(c.entries::jsonb) AS o(entry)
    WHERE e.collection = c.collection AND e.name = o.entry ->> 0 AND e.partition = o.entry ->> 1
      AND e.sort = o.entry ->> 2 AND e.id = c.id;
  END IF;
  IF 2 = ANY (kinds) THEN
    DELETE FROM @schema@.item AS i
    USING unnest(kinds, in_collections, in_ids) AS c(kind, collection, id)
    WHERE c.kind = 2 AND i.collection = c.collection AND i.id = c.id;
  END IF;
  IF array_remove(come, NULL) <> '{}' THEN
    INSERT INTO @schema@.entry (collection, name, partition, sort, id)
    SELECT c.collection, o.entry ->> 0, o.entry ->> 1, o.entry ->> 2, c.id
    FROM unnest(in_collections, in_ids, come) AS c(collection, id, entries),
      LATERAL jsonb_array_elements(c.entries::jsonb) AS o(entry);
  END IF;
  INSERT INTO @schema@.item AS i (collection, id, version, expires, entries, body, fields)
  SELECT c.collection, c.id, c.version, c.expires, c.entries, c.body, c.fields
  FROM unnest(kinds, in_collections, in_ids, versions, in_expires, in_entries, in_bodies, counted)
    AS c(kind, collection, id, version, expires, entries, body, fields)
  WHERE c.kind IN (1, 3, 4)
  ON CONFLICT (collection, id) DO UPDATE SET version = excluded.version, expires = excluded.expires,
    entries = excluded.entries, body = excluded.body, fields = excluded.fields;
  RETURN verdicts;
END
$$;
