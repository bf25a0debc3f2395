-- What published products say in other languages than the base one, each text by a hash of its language, field and words: the report of duplicates looks
-- them up by equality, which row-level security lets an index answer (0013_text_marks.sql; `@>` it does not, so the index on translations was never asked).
create table text_mark (
    project    uuid,
    product_id uuid not null references product on delete cascade,
    mark       bigint not null,
    primary key (product_id, mark)
);
call gravity.isolate('text_mark');
create index text_mark_of on text_mark (project, mark);
drop index revision_translations;

-- The owner sees no project's rows while the policies hold for it.
alter table revision no force row level security;
alter table text_mark no force row level security;
insert into text_mark (project, product_id, mark)
select distinct r.project, r.product_id, hashtextextended(t.lang || ' ' || f.field || ' ' || f.text, 0)
from revision r cross join jsonb_each(r.body->'translations') as t (lang, texts) cross join jsonb_each_text(t.texts) as f (field, text)
where r.ended_at is null and f.field in ('name', 'meta_title', 'meta_description') and f.text is not null;
alter table text_mark force row level security;
alter table revision force row level security;
