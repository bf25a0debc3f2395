-- The job that does an import or export: what became of it is what became of them, also where a worker died for the last time or was cancelled.
alter table import_job add column job_id uuid;
alter table export_job add column job_id uuid;

-- A row of an import that keeps all or nothing is tried first; it is good once the whole has been applied.
alter table import_row drop constraint import_row_state_check,
    add constraint import_row_state_check check (state in ('waiting', 'tried', 'good', 'bad'));
