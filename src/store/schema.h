// store, private: the catalogue, as docs/formats/archive.md describes it. A
// change here is a change there and of SCHEMA_VERSION. Times are nanoseconds
// since 1970 UTC; hashes are SHA-256 in lower-case hex.
#ifndef GW_STORE_SCHEMA_H
#define GW_STORE_SCHEMA_H

#define APPLICATION_ID 1734440801 // "gawa"
#define SCHEMA_VERSION 1

#define TEXT_OF(number)      #number
#define PRAGMA(name, number) "PRAGMA " name " = " TEXT_OF(number) ";"
#define HASH_CHECK(column)                                                     \
    "CHECK (length(" column ") = 64 AND " column " NOT GLOB '*[^0-9a-f]*')"

static const char schema[] =
    "CREATE TABLE object ("
    " id INTEGER PRIMARY KEY,"
    " hash TEXT NOT NULL UNIQUE " HASH_CHECK(
        "hash") ","
                " size INTEGER NOT NULL CHECK (size >= 0),"
                " packed INTEGER NOT NULL CHECK (packed IN (0, 1)),"
                " kind TEXT NOT NULL,"
                " state TEXT NOT NULL CHECK (state IN ('pending', 'done', "
                "'failed')),"
                " added INTEGER NOT NULL,"
                " dated INTEGER,"
                " records INTEGER NOT NULL,"
                " refused INTEGER NOT NULL,"
                " name TEXT NOT NULL,"
                " source TEXT NOT NULL,"
                " licence TEXT NOT NULL,"
                " error TEXT NOT NULL"
                ") STRICT;"

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

                "CREATE TABLE segment ("
                " tier TEXT NOT NULL CHECK (tier IN ('facts', 'findings')),"
                " object INTEGER NOT NULL REFERENCES object (id),"
                " hash TEXT NOT NULL " HASH_CHECK(
                    "hash") ","
                            " size INTEGER NOT NULL,"
                            " blocks INTEGER NOT NULL,"
                            " PRIMARY KEY (tier, object)"
                            ") STRICT, WITHOUT ROWID;"

                            "CREATE TABLE note ("
                            " name TEXT PRIMARY KEY,"
                            " value BLOB NOT NULL"
                            ") STRICT, WITHOUT ROWID;"

    PRAGMA("application_id", APPLICATION_ID)
        PRAGMA("user_version", SCHEMA_VERSION);

// Segments whose file may be removed after the commit, if no row names it by
// then. In the writer's own temporary database: undone with the transaction.
static const char schema_of_writer[] = "CREATE TEMP TABLE doomed ("
                                       " tier TEXT NOT NULL,"
                                       " object TEXT NOT NULL,"
                                       " hash TEXT NOT NULL,"
                                       " PRIMARY KEY (tier, object, hash)"
                                       ") STRICT, WITHOUT ROWID;";

#endif
