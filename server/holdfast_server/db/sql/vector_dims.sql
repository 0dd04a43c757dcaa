-- The dimensions of the stored vectors.
select atttypmod as dims from pg_attribute
where attrelid = to_regclass('store_vectors') and attname = 'embedding'
