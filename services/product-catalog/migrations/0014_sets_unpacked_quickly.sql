-- Sets of bits are read whole, hundreds of them a list: what is made from now on stays in its row and is unpacked in a third of the time. A server that
-- was built without LZ4 goes on with PostgreSQL's own compression.
alter table facet_bits alter bits set storage main;
alter table facet_set alter bits set storage main;
do $$
begin
    alter table facet_bits alter bits set compression lz4;
    alter table facet_set alter bits set compression lz4;
exception when feature_not_supported then
    raise notice 'sets of bits are compressed by pglz: the server has no LZ4';
end $$;
