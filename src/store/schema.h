// store, private: the catalogue, as docs/formats/archive.md describes it. A
// change here is a change there and of SCHEMA_VERSION. Times are nanoseconds
// since 1970 UTC; hashes are SHA-256 in lower-case hex.
#ifndef GW_STORE_SCHEMA_H
#define GW_STORE_SCHEMA_H

#define APPLICATION_ID 1734440801 // "gawa"
enum { SCHEMA_VERSION = 2, SCHEMA_FIRST = 1 };

#define HASH_CHECK "CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*')"

// witnessed: a leaf of the ledger speaks of it, so that what has none is found
// without a look at all.
#define OBJECT_COLUMNS                                                         \
    "(id INTEGER PRIMARY KEY,"                                                 \
    " hash TEXT NOT NULL UNIQUE " HASH_CHECK ","                               \
    " size INTEGER NOT NULL CHECK (size >= 0),"                                \
    " packed INTEGER NOT NULL CHECK (packed IN (0, 1)),"                       \
    " kind TEXT NOT NULL,"                                                     \
    " state TEXT NOT NULL"                                                     \
    "  CHECK (state IN ('pending', 'done', 'failed', 'redacted')),"            \
    " added INTEGER NOT NULL,"                                                 \
    " dated INTEGER,"                                                          \
    " records INTEGER NOT NULL,"                                               \
    " refused INTEGER NOT NULL,"                                               \
    " name TEXT NOT NULL,"                                                     \
    " source TEXT NOT NULL,"                                                   \
    " licence TEXT NOT NULL,"                                                  \
    " error TEXT NOT NULL,"                                                    \
    " witnessed INTEGER NOT NULL DEFAULT 0 CHECK (witnessed IN (0, 1))"        \
    ") STRICT;"

#define SEGMENT_COLUMNS                                                        \
    "(tier TEXT NOT NULL CHECK (tier IN ('facts', 'findings', 'cells')),"      \
    " object INTEGER NOT NULL REFERENCES object (id),"                         \
    " hash TEXT NOT NULL " HASH_CHECK ","                                      \
    " size INTEGER NOT NULL,"                                                  \
    " blocks INTEGER NOT NULL,"                                                \
    " PRIMARY KEY (tier, object)"                                              \
    ") STRICT, WITHOUT ROWID;"

// A version of an incident; log_odds, target and since are for those who ask
// the catalogue by hand, the body has all.
#define INCIDENT_COLUMNS                                                       \
    " version INTEGER NOT NULL CHECK (version > 0),"                           \
    " kind TEXT NOT NULL,"                                                     \
    " cc TEXT NOT NULL,"                                                       \
    " target TEXT NOT NULL,"                                                   \
    " since_earliest INTEGER,"                                                 \
    " since_latest INTEGER,"                                                   \
    " until_earliest INTEGER,"                                                 \
    " until_latest INTEGER,"                                                   \
    " log_odds REAL NOT NULL,"                                                 \
    " confidence TEXT NOT NULL,"                                               \
    " observers INTEGER NOT NULL,"                                             \
    " measurements INTEGER NOT NULL,"                                          \
    " blocked INTEGER NOT NULL,"                                               \
    " synthetic INTEGER NOT NULL CHECK (synthetic IN (0, 1)),"                 \
    " withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),"                 \
    " changed INTEGER NOT NULL,"                                               \
    " body BLOB NOT NULL"

static const char schema_of_objects[] = "CREATE TABLE object " OBJECT_COLUMNS;

static const char schema_of_facts[] = //
    "CREATE TABLE alias ("
    " object INTEGER NOT NULL REFERENCES object (id),"
    " name TEXT NOT NULL,"
    " added INTEGER NOT NULL,"
    " PRIMARY KEY (object, name)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE refusal ("
    " id INTEGER PRIMARY KEY,"
    " object INTEGER NOT NULL REFERENCES object (id),"
    " n INTEGER NOT NULL,"
    " record INTEGER NOT NULL,"
    " offset INTEGER NOT NULL,"
    " length INTEGER NOT NULL,"
    " code INTEGER NOT NULL,"
    " reason TEXT NOT NULL,"
    " bytes BLOB NOT NULL,"
    " UNIQUE (object, n)"
    ") STRICT;"

    "CREATE TABLE segment " SEGMENT_COLUMNS

    "CREATE TABLE note ("
    " name TEXT PRIMARY KEY,"
    " value BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;";

// Since version 2: what pages show. A day's asn is null where the network is
// unknown, and so stands in the key as -1.
static const char schema_of_pages[] = //
    "CREATE TABLE day ("
    " cc TEXT NOT NULL,"
    " target TEXT NOT NULL,"
    " asn INTEGER NOT NULL CHECK (asn >= -1),"
    " layer INTEGER NOT NULL,"
    " day INTEGER NOT NULL CHECK (day % 86400000000000 = 0),"
    " org TEXT NOT NULL,"
    " unknown INTEGER NOT NULL,"
    " ok INTEGER NOT NULL,"
    " down INTEGER NOT NULL,"
    " blocked INTEGER NOT NULL,"
    " observers_unknown INTEGER NOT NULL,"
    " observers_ok INTEGER NOT NULL,"
    " observers_down INTEGER NOT NULL,"
    " observers_blocked INTEGER NOT NULL,"
    " throttled INTEGER NOT NULL,"
    " intercepted INTEGER NOT NULL,"
    " rule TEXT NOT NULL,"
    " example TEXT NOT NULL,"
    " synthetic INTEGER NOT NULL CHECK (synthetic IN (0, 1)),"
    " aggregate INTEGER NOT NULL CHECK (aggregate IN (0, 1)),"
    " PRIMARY KEY (cc, target, asn, layer, day, synthetic, aggregate)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE incident ("
    " id TEXT PRIMARY KEY," INCIDENT_COLUMNS ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE incident_version ("
    " id TEXT NOT NULL," INCIDENT_COLUMNS ","
    " PRIMARY KEY (id, version)"
    ") STRICT, WITHOUT ROWID;";

// Since version 2. What a leaf says stays said: the triggers are for whoever
// comes with another program; REPLACE, which deletes without asking a trigger,
// is stopped by the order in which leaves must come.
static const char schema_of_ledger[] =
    "CREATE INDEX unwitnessed ON object (hash)"
    " WHERE witnessed = 0 AND state IN ('done', 'failed');"
    "CREATE INDEX redacted ON object (hash) WHERE state = 'redacted';"

    "CREATE TABLE leaf ("
    " idx INTEGER PRIMARY KEY,"
    " type TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " hash BLOB NOT NULL CHECK (length(hash) = 32),"
    " entry BLOB NOT NULL"
    ") STRICT;"
    "CREATE INDEX leaf_subject ON leaf (type, subject);"

    "CREATE TABLE secret ("
    " idx INTEGER PRIMARY KEY REFERENCES leaf (idx),"
    " box BLOB NOT NULL"
    ") STRICT;"

    "CREATE TRIGGER leaf_in_order BEFORE INSERT ON leaf"
    " WHEN NEW.idx <> (SELECT coalesce(max(idx), -1) + 1 FROM leaf)"
    " BEGIN SELECT RAISE(ABORT, 'leaves come one after another'); END;"
    "CREATE TRIGGER leaf_unchanged BEFORE UPDATE ON leaf"
    " BEGIN SELECT RAISE(ABORT, 'a leaf is never changed'); END;"
    "CREATE TRIGGER leaf_not_removed BEFORE DELETE ON leaf"
    " BEGIN SELECT RAISE(ABORT, 'a leaf is never removed'); END;"

    "PRAGMA application_id = 1734440801;"
    "PRAGMA user_version = 2;";

// SQLite cannot change a CHECK in place; foreign keys must be off. No object
// has a leaf yet, so all are to be described again: pending.
static const char schema_upgrade_from_1[] = //
    "CREATE TABLE object_2 " OBJECT_COLUMNS
    "INSERT INTO object_2 (id, hash, size, packed, kind, state, added, dated,"
    " records, refused, name, source, licence, error)"
    " SELECT id, hash, size, packed, kind, 'pending', added, dated,"
    " records, refused, name, source, licence, error FROM object;"
    "DROP TABLE object;"
    "ALTER TABLE object_2 RENAME TO object;"
    "CREATE TABLE segment_2 " SEGMENT_COLUMNS
    "INSERT INTO segment_2 SELECT tier, object, hash, size, blocks"
    " FROM segment;"
    "DROP TABLE segment;"
    "ALTER TABLE segment_2 RENAME TO segment;";

// Segments whose file may be removed after the commit, if no row names it by
// then. In the writer's own temporary database: undone with the transaction.
static const char schema_of_writer[] = "CREATE TEMP TABLE doomed ("
                                       " tier TEXT NOT NULL,"
                                       " object TEXT NOT NULL,"
                                       " hash TEXT NOT NULL,"
                                       " PRIMARY KEY (tier, object, hash)"
                                       ") STRICT, WITHOUT ROWID;";

#endif
