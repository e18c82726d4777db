"""The tables and views of an archive, and nothing else.

Plain SQL: text keys, times as ISO text, JSON as text, so that the archive can live in PostgreSQL as well.
"""

from __future__ import annotations

from newsarchive.items import ARTICLE_FIELDS

APPLICATION_ID = 0x4E415243  # "NARC"
SCHEMA_VERSION = 3

STATES = ("waiting", "stored", "gone", "moved", "refused", "not_article", "given_up", "withdrawn")
EXCLUDED = ("gone", "moved", "refused", "not_article", "withdrawn")
OWED = ("waiting", "given_up")
WHOLE = ("exhausted", "since", "met")
"""Ends of a walk that leave nothing of the listing out."""

INTEGER_FIELDS = ("copyright_year", "is_accessible_for_free", "revision")
JSON_FIELDS = ("times", "tags", "authors", "body", "images", "publisher", "og", "origins", "flags", "capture")


def _article_columns() -> str:
    return ",\n  ".join(f"{field} {'integer' if field in INTEGER_FIELDS else 'text'}" for field in ARTICLE_FIELDS)


TABLES = f"""
create table site (
  name text primary key,
  learned text not null default '{{}}'            -- JSON: what crawls found out about the site
);
create table crawl (
  id integer primary key,
  spider text not null,
  arguments text not null,                        -- JSON
  host text not null,
  process text not null,                          -- pid, and the process's own start where the system tells it
  started_at text not null,
  alive_at text not null,
  ended_at text,
  reason text,
  counts text not null default '{{}}',            -- JSON: Scrapy's stats
  alarms text not null default '[]'               -- JSON: kind and subject of those of the site that were on at its end
);
create index crawl_spider on crawl (spider, started_at);
create table page (
  id text primary key,                            -- site:key
  site text not null,
  key text not null,
  url text not null,
  day text,                                       -- YYYY-MM-DD in the site's zone
  state text not null default 'waiting',
  reason text,                                    -- of a stored page 'newer': a listing says that it changed
  tries integer not null default 0,
  due_at text,                                    -- not before; null: at once
  lease_by integer,                               -- a crawl
  lease_until text,
  first_seen_at text not null,
  fetched_at text,
  unique (site, key)
);
create index page_open on page (site, day) where state = 'waiting' or reason = 'newer';
create index page_leased on page (lease_by) where lease_by is not null;
create index page_due on page (site, due_at) where state = 'stored' and due_at is not null;
create table alias (
  url text primary key,
  page text not null
) without rowid;
create index alias_page on alias (page);
create table sighting (
  page text not null,
  source text not null,
  listing text not null,                          -- the address where the walk began
  section text,
  position integer,                               -- from 1 at the top, when last seen
  published_at text,                              -- times as the listing gave them
  modified_at text,
  first_seen_at text not null,
  last_seen_at text not null,
  walk integer not null,                          -- the walk that saw it first
  last_walk integer not null,
  via text,                                       -- where to ask for the page instead of its own address: a web archive's
  primary key (page, source, listing)
) without rowid;
create index sighting_listing on sighting (source, listing, walk);
create table listing (
  id integer primary key,
  crawl integer not null,
  site text not null,
  source text not null,
  url text not null,
  section text,
  since text,                                     -- how deep the walk was asked to go; null: to the end
  until text,
  started_at text not null,
  ended_at text,
  pages integer not null default 0,
  links integer not null default 0,
  new integer not null default 0,
  reached text,                                   -- oldest day seen
  covers text,                                    -- with the walks it met, whole back to this day; '': to the end
  "end" text,
  reason text,
  at text                                         -- the continuation it was to ask next
);
create index listing_url on listing (site, source, url, id);
create index listing_crawl on listing (crawl);
create table capture (
  id integer primary key,
  crawl integer,
  url text not null,
  fetched_at text not null,
  status integer not null,
  etag text,
  last_modified text,
  digest text,                                    -- of the payload as it came, sha1:BASE32
  file text,
  "offset" integer,
  kind text not null                              -- article, listing, robots, image, other; imported: others made it
);
create index capture_url on capture (url, id);
create index capture_file on capture (file, "offset");
create table article (
  n integer primary key,
  {_article_columns()},
  crawl integer,                                  -- that stored this text
  seq integer not null,                           -- counts texts in the order in which they came into the archive
  unique (id)
);
create unique index article_seq on article (seq);
create index article_site on article (site, seq);
create table revision (
  n integer primary key,
  {_article_columns()},
  crawl integer,
  seq integer not null,
  superseded_at text not null,
  changed text not null,                          -- JSON: the fields in which its successor differs
  silent integer not null,                        -- 1: modified_at stood still
  cause text not null,                            -- publisher, reread or unknown
  unique (id, revision)
);
create unique index revision_seq on revision (seq);
create table counter (
  name text primary key,
  value integer not null
);
insert into counter values ('text', 0);
create table gap (
  id integer primary key,
  site text not null,
  source text not null,
  listing text not null,
  section text,
  since text,                                     -- what may be missing lies between these
  until text,
  reason text not null,                           -- the end of a walk that was not whole, or: no overlap
  opened_at text not null,
  closed_at text,
  closed_by text
);
create table alarm (
  id integer primary key,
  site text,
  kind text not null,
  subject text not null,
  reason text not null,
  began_at text not null,
  ended_at text,
  told integer not null default 0                 -- 1: its begin was sent, 2: its end
);
create table host (
  name text primary key,
  next_at text,                                   -- next allowed time of a request
  delay real
);
create table image_file (
  url text primary key,                           -- the largest rendition that a page declares of the photo
  page text not null,                             -- the article that showed it first
  key text,                                       -- the photo's own number, else its address without query
  file text,                                      -- name in images/: the digest and the type's ending
  digest text,                                    -- SHA-256 of the bytes, hexadecimal
  type text,                                      -- as the bytes are: image/jpeg
  bytes integer,
  width integer,                                  -- pixels, as the bytes are
  height integer,
  state text not null,                            -- waiting, stored, gone, refused, broken, too_large, given_up
  reason text,
  tries integer not null default 0,
  lease_by integer,                               -- a crawl
  fetched_at text
);
create index image_file_page on image_file (page);
create index image_file_open on image_file (page) where state = 'waiting';
create index image_file_key on image_file (key);
create table withdrawal (
  page text primary key,
  mode text not null,                             -- hide or erase
  reason text not null,
  at text not null,
  kept text                                       -- hide: JSON, the rows of article and revision; erase: null
);
create table jsonlines (
  path text primary key,                          -- absolute: a file that is kept in step with the archive
  seq integer not null,                           -- the last text that is in it
  bytes integer not null                          -- its size then
);
create table edit_rate (
  site text not null,
  section text not null,                          -- lower case; '' when the article has none
  age integer not null,                           -- of the article, a power of two of hours: 0 is up to an hour, 1 up to two, …
  hours real not null,                            -- watched between two visits, older visits counting less
  visits real not null,
  edits real not null,
  updated_at text not null,
  primary key (site, section, age)
);
-- Double quotes around the content table: datasette and sqlite-utils look for them.
create virtual table article_fts using fts5(
  headline, description, text, content="article", content_rowid="n", tokenize="unicode61 remove_diacritics 2"
);
create trigger article_fts_insert after insert on article begin
  insert into article_fts(rowid, headline, description, text) values (new.n, new.headline, new.description, new.text);
end;
create trigger article_fts_delete after delete on article begin
  insert into article_fts(article_fts, rowid, headline, description, text)
  values ('delete', old.n, old.headline, old.description, old.text);
end;
create trigger article_fts_update after update of headline, description, text on article begin
  insert into article_fts(article_fts, rowid, headline, description, text)
  values ('delete', old.n, old.headline, old.description, old.text);
  insert into article_fts(rowid, headline, description, text) values (new.n, new.headline, new.description, new.text);
end;
"""


def _filled(field: str) -> str:
    if field in ("tags", "authors", "body", "images", "flags"):
        return f"{field} <> '[]'"
    if field in ("times", "og", "origins"):
        return f"{field} <> '{{}}'"
    return f"{field} is not null and {field} <> ''"


def _fields_view() -> str:
    sums = ",\n    ".join(f"sum({_filled(field)}) as {field}" for field in ARTICLE_FIELDS)
    rows = "\n  union all ".join(f"select site_name, '{f}', {f}, articles from counted" for f in ARTICLE_FIELDS)
    return f"""
create view fields (site, field, filled, articles) as
  with counted as materialized (
    select site as site_name, count(*) as articles,
    {sums}
    from article group by 1
  )
  {rows};
"""


def _counts() -> str:
    return ",\n    ".join(f"sum(state = '{state}') as {state}" for state in STATES)


VIEWS = f"""
create view article_author (id, position, name, url) as
  select a.id, x.key + 1, json_extract(x.value, '$.name'), json_extract(x.value, '$.url')
  from article a, json_each(a.authors) x;
create view article_tag (id, position, tag) as
  select a.id, x.key + 1, x.value from article a, json_each(a.tags) x;
create view article_image (id, position, url, width, height, caption, credit, alt, role, key, crop, file, type, bytes,
    real_width, real_height) as
  select a.id, x.key + 1, json_extract(x.value, '$.url'), json_extract(x.value, '$.width'),
    json_extract(x.value, '$.height'), json_extract(x.value, '$.caption'), json_extract(x.value, '$.credit'),
    json_extract(x.value, '$.alt'), json_extract(x.value, '$.role'), json_extract(x.value, '$.key'),
    json_extract(x.value, '$.crop'), f.file, f.type, f.bytes, f.width, f.height
  from article a, json_each(a.images) x left join image_file f on f.url = json_extract(x.value, '$.url');
create view coverage as
  select site, source, section, day, count(*) as seen,
    {_counts()},
    sum(state in {EXCLUDED}) as excluded,
    sum(state in {OWED}) as owed,
    sum(state = 'stored' and second_hand) as second_hand
  from (
    select distinct p.id, p.site, s.source, coalesce(s.section, a.section) as section, p.day, p.state,
      coalesce(a.flags like '%"second_hand"%', 0) as second_hand
    from page p join sighting s on s.page = p.id left join article a on a.id = p.id
  )
  group by site, source, section, day;
create view changes as
  select r.id, r.site, r.revision, r.superseded_at, r.changed, r.silent, r.cause, r.headline as old_headline,
    a.headline, a.url
  from revision r left join article a on a.id = r.id;
""" + _fields_view()
