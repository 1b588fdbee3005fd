-- Who owns a schema may drop whatever is in it, the register of releases and the history of the gate too. The publisher
-- makes its tables and views in three of them, and needs no more than that.
alter schema quality owner to vwu_owner;
alter schema release owner to vwu_owner;
alter schema published owner to vwu_owner;
alter schema province owner to vwu_owner;
grant usage on schema quality to vwu_publisher;
grant usage, create on schema release, published, province to vwu_publisher;
