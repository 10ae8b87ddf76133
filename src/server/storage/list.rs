//! Filtered lists, newest first, with their totals.

use rusqlite::{Connection, params_from_iter, types::Value};
use serde::de::DeserializeOwned;

use super::{
    cursor::Cursor,
    error::Outcome,
    place::{self, Placed},
    query::{ArticlePage, ArticleQuery, StoryPageRows, StoryQuery},
    read::{parsed, to_sql},
    search::Search,
};
use crate::model::{article::Article, story::StoryHead, symbol::Symbol};

/// Most rows of a page.
const MAX_PAGE: usize = 100;

pub(super) fn articles(connection: &Connection, query: &ArticleQuery) -> Outcome<ArticlePage> {
    let Some(selection) = article_selection(query) else { return Ok(ArticlePage::default()) };
    let total = selection.count(connection)?;
    let bodies = "SELECT body FROM article_bodies WHERE place = ?1";
    let before = before(connection, Placed::Articles, query.before.as_ref())?;
    let (articles, more) = selection.page(connection, bodies, before, query.limit)?;
    let last = articles.last().filter(|_| more);
    let next = last.map(|article: &Article| Cursor { at: article.at(), id: article.id.clone() });
    Ok(ArticlePage { articles, total, next })
}

pub(super) fn stories(connection: &Connection, query: &StoryQuery) -> Outcome<StoryPageRows> {
    let Some(selection) = story_selection(query) else { return Ok(StoryPageRows::default()) };
    let total = selection.count(connection)?;
    let before = before(connection, Placed::Stories, query.before.as_ref())?;
    let (stories, more) =
        selection.page(connection, "SELECT body FROM stories WHERE place = ?1", before, query.limit)?;
    let last = stories.last().filter(|_| more);
    let next = last.map(|story: &StoryHead| Cursor { at: story.first_seen, id: story.id.clone() });
    Ok(StoryPageRows { stories, total, next })
}

fn before(connection: &Connection, table: Placed, cursor: Option<&Cursor>) -> Outcome<i64> {
    cursor.map_or(Ok(i64::MAX), |cursor| place::of_cursor(connection, table, cursor))
}

/// `None` where nothing can match.
fn article_selection(query: &ArticleQuery) -> Option<Selection> {
    let columns = !query.sources.is_empty() || !query.categories.is_empty();
    let symbols = symbols(&query.symbols);
    let mut selection = match Search::of(&query.text) {
        Search::Nothing => return None,
        Search::Words(expression) => {
            let mut selection = Selection::from("article_texts", "article_texts.rowid");
            selection.join_if(columns, "articles");
            selection.require("article_texts MATCH ?", [expression]);
            selection.require_link("article_symbols", "symbol", symbols);
            selection
        }
        Search::Everything if symbols.is_empty() => Selection::from("articles", "articles.place"),
        Search::Everything => {
            let mut selection = Selection::from("article_symbols", "article_symbols.place");
            selection.join_if(columns, "articles");
            selection.repeats = symbols.len() > 1;
            selection.require_any("article_symbols.symbol", symbols);
            selection
        }
    };
    selection.require_any("articles.source_key", query.sources.clone());
    selection.require_any("articles.category", query.categories.clone());
    Some(selection)
}

/// `None` where nothing can match.
fn story_selection(query: &StoryQuery) -> Option<Selection> {
    let symbols = symbols(&query.symbols);
    let search = Search::of(&query.text);
    let columns = !query.categories.is_empty() || search != Search::Everything || query.breaking_since.is_some();
    let mut selection = if query.breaking_since.is_some() || (symbols.is_empty() && query.sources.is_empty()) {
        let mut selection = Selection::from("stories", "stories.place");
        selection.require_link("story_symbols", "symbol", symbols);
        selection.require_link("story_sources", "source_key", query.sources.clone());
        selection
    } else if symbols.is_empty() {
        let mut selection = Selection::from("story_sources", "story_sources.place");
        selection.join_if(columns, "stories");
        selection.repeats = query.sources.len() > 1;
        selection.require_any("story_sources.source_key", query.sources.clone());
        selection
    } else {
        let mut selection = Selection::from("story_symbols", "story_symbols.place");
        selection.join_if(columns, "stories");
        selection.repeats = symbols.len() > 1;
        selection.require_any("story_symbols.symbol", symbols);
        selection.require_link("story_sources", "source_key", query.sources.clone());
        selection
    };
    selection.require_any("stories.category", query.categories.clone());
    if let Some(since) = query.breaking_since {
        selection.require("stories.breaking_since >= ?", [since.0]);
    }
    match search {
        Search::Everything => {}
        Search::Nothing => return None,
        Search::Words(expression) => selection.require(
            "stories.id IN (SELECT articles.story_id FROM article_texts \
             CROSS JOIN articles ON articles.place = article_texts.rowid WHERE article_texts MATCH ?)",
            [expression],
        ),
    }
    Some(selection)
}

fn symbols(symbols: &[Symbol]) -> Vec<String> {
    symbols.iter().map(Symbol::to_string).collect()
}

/// Which rows are asked for. The conditions hold all that is fixed; all that came from outside is bound as values.
struct Selection {
    tables: String,
    /// The column that identifies a row and orders it.
    place: &'static str,
    /// One row may be met more than once.
    repeats: bool,
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Selection {
    fn from(table: &str, place: &'static str) -> Self {
        Self { tables: table.to_owned(), place, repeats: false, conditions: Vec::new(), values: Vec::new() }
    }

    fn join_if(&mut self, needed: bool, table: &str) {
        if needed {
            // A cross join is one whose order SQLite keeps.
            self.tables = format!("{} CROSS JOIN {table} ON {table}.place = {}", self.tables, self.place);
        }
    }

    fn require<V: Into<Value>>(&mut self, condition: &str, values: impl IntoIterator<Item = V>) {
        self.conditions.push(condition.to_owned());
        self.values.extend(values.into_iter().map(Into::into));
    }

    /// Where no values are given, everything matches.
    fn require_any(&mut self, column: &str, values: Vec<String>) {
        if !values.is_empty() {
            self.require(&format!("{column} IN ({})", marks(values.len())), values);
        }
    }

    fn require_link(&mut self, table: &str, column: &str, values: Vec<String>) {
        if !values.is_empty() {
            let (place, marks) = (self.place, marks(values.len()));
            let link = format!("SELECT 1 FROM {table} WHERE {table}.{column} IN ({marks}) AND {table}.place = {place}");
            self.require(&format!("EXISTS ({link})"), values);
        }
    }

    fn count(&self, connection: &Connection) -> Outcome<u64> {
        let counted = if self.repeats { format!("DISTINCT {}", self.place) } else { "*".to_owned() };
        let filter = match self.conditions.as_slice() {
            [] => String::new(),
            conditions => format!(" WHERE {}", conditions.join(" AND ")),
        };
        let sql = format!("SELECT count({counted}) FROM {}{filter}", self.tables);
        let mut statement = connection.prepare_cached(&sql)?;
        let total: i64 = statement.query_row(params_from_iter(&self.values), |row| row.get(0))?;
        Ok(u64::try_from(total).unwrap_or(0))
    }

    /// The newest rows before `before`, read with `body`, and whether there are more.
    fn page<T: DeserializeOwned>(
        &self,
        connection: &Connection,
        body: &str,
        before: i64,
        limit: usize,
    ) -> Outcome<(Vec<T>, bool)> {
        let limit = limit.clamp(1, MAX_PAGE);
        let Self { tables, place, .. } = self;
        let distinct = if self.repeats { "DISTINCT " } else { "" };
        let mut conditions = self.conditions.clone();
        conditions.push(format!("{place} < ?"));
        let filter = conditions.join(" AND ");
        let sql = format!("SELECT {distinct}{place} FROM {tables} WHERE {filter} ORDER BY {place} DESC LIMIT ?");
        let mut statement = connection.prepare_cached(&sql)?;
        let bounds = [Value::Integer(before), Value::Integer(to_sql(limit + 1))];
        let mut places = statement.query(params_from_iter(self.values.iter().chain(&bounds)))?;
        let mut bodies = connection.prepare_cached(body)?;
        let mut rows = Vec::with_capacity(limit);
        while let Some(row) = places.next()? {
            if rows.len() == limit {
                return Ok((rows, true));
            }
            let body: String = bodies.query_row([row.get::<_, i64>(0)?], |row| row.get(0))?;
            rows.push(parsed(&body)?);
        }
        Ok((rows, false))
    }
}

/// `?, ?, ?`
fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}
