BEGIN TRANSACTION;
CREATE TABLE buckets (
    start BIGINT NOT NULL, span INTEGER NOT NULL, replica TEXT NOT NULL,
    series BIGINT NOT NULL REFERENCES series (id),
    requests BIGINT NOT NULL, attempts BIGINT NOT NULL, tokens_in BIGINT NOT NULL, cache_read BIGINT NOT NULL,
    cache_write BIGINT NOT NULL, tokens_out BIGINT NOT NULL, reasoning BIGINT NOT NULL, bytes_in BIGINT NOT NULL,
    bytes_out BIGINT NOT NULL, seconds BLOB NOT NULL, first_byte BLOB NOT NULL,
    PRIMARY KEY (start, span, replica, series)) WITHOUT ROWID;
INSERT INTO "buckets" VALUES(1800000000,60,'',1,1,1,10,20,30,40,5,100,1000,X'92CB3FE000000000000081CD023D01',X'92CB3FC999980000000081CD01E401');
INSERT INTO "buckets" VALUES(1800000000,60,'',2,1,1,10,20,30,40,5,100,1000,X'92CB3FE000000000000081CD023D01',X'92CB3FC999980000000081CD01E401');
CREATE TABLE keys (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, "user" TEXT,
    created REAL NOT NULL, revoked REAL);
CREATE TABLE kinds (
    id INTEGER PRIMARY KEY, key_name TEXT NOT NULL, profile TEXT NOT NULL, type TEXT NOT NULL, dialect TEXT NOT NULL,
    upstream_dialect TEXT NOT NULL, stream BOOLEAN NOT NULL, provider TEXT NOT NULL, account TEXT NOT NULL,
    outcome TEXT NOT NULL, status INTEGER NOT NULL, code TEXT NOT NULL, UNIQUE (key_name, profile, type, dialect,
    upstream_dialect, stream, provider, account, outcome, status, code));
INSERT INTO "kinds" VALUES(1,'client','default','chat','openai-chat','openai-chat',1,'openai','work','ok',200,'');
INSERT INTO "kinds" VALUES(2,'client','default','chat','openai-chat','openai-chat',1,'','','failed',502,'KP-PROV-102');
CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "meta" VALUES('version','1');
CREATE TABLE requests (
    id INTEGER PRIMARY KEY, kind BIGINT NOT NULL, request_id TEXT NOT NULL, correlation_id TEXT NOT NULL, at REAL NOT NULL, "user" TEXT,
    model TEXT NOT NULL, upstream_model TEXT, attempts BIGINT NOT NULL, first_byte REAL, seconds REAL NOT NULL,
    tokens_in BIGINT, cache_read BIGINT, cache_write BIGINT, tokens_out BIGINT, reasoning BIGINT,
    bytes_in BIGINT NOT NULL, bytes_out BIGINT NOT NULL);
INSERT INTO "requests" VALUES(1,1,'00000000-0000-0000-0000-000000000001','c-1',1800000001.0,NULL,'gpt-5','gpt-5-2026',1,0.2,0.5,10,20,30,40,5,100,1000);
INSERT INTO "requests" VALUES(2,2,'00000000-0000-0000-0000-000000000002','c-2',1800000002.0,NULL,'gpt-5','gpt-5-2026',1,0.2,0.5,10,20,30,40,5,100,1000);
CREATE TABLE series (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, model TEXT NOT NULL, profile TEXT NOT NULL, type TEXT NOT NULL,
    outcome TEXT NOT NULL, code TEXT NOT NULL, UNIQUE (provider, model, profile, type, outcome, code));
INSERT INTO "series" VALUES(1,'','gpt-5-2026','default','chat','failed','KP-PROV-102');
INSERT INTO "series" VALUES(2,'openai','gpt-5-2026','default','chat','ok','');
CREATE TABLE totals (
    replica TEXT NOT NULL, series BIGINT NOT NULL REFERENCES series (id),
    requests BIGINT NOT NULL, attempts BIGINT NOT NULL, tokens_in BIGINT NOT NULL, cache_read BIGINT NOT NULL,
    cache_write BIGINT NOT NULL, tokens_out BIGINT NOT NULL, reasoning BIGINT NOT NULL, bytes_in BIGINT NOT NULL,
    bytes_out BIGINT NOT NULL, seconds BLOB NOT NULL, first_byte BLOB NOT NULL,
    PRIMARY KEY (replica, series)) WITHOUT ROWID;
INSERT INTO "totals" VALUES('',1,1,1,10,20,30,40,5,100,1000,X'92CB3FE000000000000081CD023D01',X'92CB3FC999980000000081CD01E401');
INSERT INTO "totals" VALUES('',2,1,1,10,20,30,40,5,100,1000,X'92CB3FE000000000000081CD023D01',X'92CB3FC999980000000081CD01E401');
CREATE VIEW history AS SELECT
    requests.id AS id, request_id, correlation_id, at, key_name, "user", profile, type, dialect,
    NULLIF(upstream_dialect, '') AS upstream_dialect, stream, NULLIF(provider, '') AS provider,
    NULLIF(account, '') AS account, model, upstream_model, outcome, NULLIF(status, 0) AS status, NULLIF(code, '') AS code,
    attempts, first_byte, seconds, tokens_in, cache_read, cache_write, tokens_out, reasoning, bytes_in, bytes_out
    FROM requests CROSS JOIN kinds WHERE requests.kind = kinds.id;
CREATE INDEX requests_at ON requests (at);
COMMIT;
