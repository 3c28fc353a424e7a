ALTER TABLE entry ADD COLUMN memo TEXT NOT NULL DEFAULT '';
CREATE VIEW line AS
    SELECT entry.id, version, date, text, memo, source.account AS source,
        target.account AS target, target.cents, a.name AS source_name, b.name AS target_name
    FROM entry
    JOIN posting AS source ON source.entry = entry.id AND source.cents < 0
    JOIN posting AS target ON target.entry = entry.id AND target.cents > 0
    JOIN account AS a ON a.id = source.account
    JOIN account AS b ON b.id = target.account;
