-- What speaks against an address is looked for when a process starts; it is few among very many.
CREATE INDEX result_refused ON result (at) WHERE kind = 3 AND reason = 12;
CREATE INDEX event_against_address ON event (at) WHERE type IN (2, 6);
