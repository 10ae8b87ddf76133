-- Articles, stories, feeds and the log.
--
-- `place` is a position in time: milliseconds since the epoch, shifted left by 20 bits, plus 20 bits that tell apart
-- what is of one millisecond. It is the key of a row, so every index ends with it, and every list comes out in order.

-- Narrow, so that filters read few pages.
CREATE TABLE articles (
    place INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    story_id TEXT NOT NULL,
    source_key TEXT NOT NULL,
    category TEXT NOT NULL
) STRICT;
CREATE INDEX articles_by_story ON articles (story_id);
CREATE INDEX articles_by_source ON articles (source_key);
CREATE INDEX articles_by_category ON articles (category);

-- The whole article as JSON.
CREATE TABLE article_bodies (
    place INTEGER PRIMARY KEY REFERENCES articles ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE article_symbols (
    symbol TEXT NOT NULL,
    place INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,
    PRIMARY KEY (symbol, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX article_symbols_by_article ON article_symbols (place);

CREATE VIRTUAL TABLE article_texts USING fts5 (
    title, description,
    content = '', contentless_delete = 1,
    tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER article_gone AFTER DELETE ON articles BEGIN
    DELETE FROM article_texts WHERE rowid = old.place;
END;

-- Articles that were told and have aged out. A feed that still lists them brings no news.
CREATE TABLE forgotten (
    id TEXT PRIMARY KEY,
    -- When a feed last listed it, in milliseconds; not more exact than a few days.
    listed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX forgotten_by_time ON forgotten (listed);

-- Placed by the time of the first report, so that a story that grows stays where it is.
CREATE TABLE stories (
    place INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    category TEXT NOT NULL,
    -- Milliseconds; NULL where it is not breaking, or was taken back.
    breaking_since INTEGER,
    -- The head as JSON.
    body TEXT NOT NULL
) STRICT;
CREATE INDEX stories_by_category ON stories (category);
CREATE INDEX stories_breaking ON stories (breaking_since) WHERE breaking_since IS NOT NULL;

CREATE TABLE story_symbols (
    symbol TEXT NOT NULL,
    place INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE,
    PRIMARY KEY (symbol, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_symbols_by_story ON story_symbols (place);

CREATE TABLE story_sources (
    source_key TEXT NOT NULL,
    place INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE,
    PRIMARY KEY (source_key, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_sources_by_story ON story_sources (place);

CREATE TABLE feeds (
    key TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    moved_to TEXT,
    etag TEXT,
    last_modified TEXT,
    last_fetch INTEGER,
    last_success INTEGER,
    next_fetch INTEGER,
    last_error TEXT,
    failures INTEGER NOT NULL,
    items INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    -- What filters ask, as JSON.
    facets TEXT NOT NULL
) STRICT;

-- One row: what the log holds, also when every event of it has aged out.
CREATE TABLE log (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    -- Where it started. Positions before it are of another log.
    first_id INTEGER NOT NULL,
    after_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL
) STRICT;
