CREATE TABLE secret (id INTEGER PRIMARY KEY CHECK (id = 1), key TEXT NOT NULL);
CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('asset', 'liability', 'income', 'expense', 'equity')));
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL DEFAULT 1,
    date TEXT NOT NULL,
    text TEXT NOT NULL);
CREATE TABLE posting (
    entry INTEGER NOT NULL REFERENCES entry ON DELETE CASCADE,
    account INTEGER NOT NULL REFERENCES account,
    cents INTEGER NOT NULL CHECK (cents <> 0),
    PRIMARY KEY (entry, account)) WITHOUT ROWID;
CREATE INDEX entry_date ON entry (date, id);
CREATE INDEX posting_account ON posting (account);
