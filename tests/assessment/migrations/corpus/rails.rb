# === F a new table with references, timestamps and unique indexes
create_table :sales, id: :uuid do |t|
  t.references :shop, null: false, foreign_key: true, index: { unique: true }
  t.belongs_to :owner, polymorphic: true, null: false
  t.string :name, null: false
  t.timestamps
end
add_index :sales, :name, unique: true
change_column_null :sales, :name, false
# === F a new table that is forced where there was none
create_table "sales", force: :cascade do |t|
  t.string "name"
end
# === B a table that is forced in the place of an old one
# before
create_table :sales do |t|
  t.string :name
end
# change
create_table :sales, force: true do |t|
  t.string :name
end
# === F a join table
create_join_table :shops, :sales do |t|
  t.index [:shop_id, :sale_id]
end
# === F nullable columns, and required ones with a default
add_column :shops, :note, :text
add_column :shops, :open, :boolean, null: false, default: true
add_column :shops, :made, :datetime, null: false, default: -> { "now()" }
add_column :shops, "tags", 'string', { array: true, default: [], null: false }
# === B a required column without a default
add_column :shops, :owner, :string, null: false
# === B a required column whose default is nil
add_column :shops, :owner, :string, null: false, default: nil
# === H a required column whose default only a run tells
add_column :shops, :owner, :string, null: false, default: owner_for(:all)
# === F a required column whose default is a constant of the application
add_column :shops, :kind, :string, null: false, default: Shop::DEFAULT_KIND
# === F a nullable reference with a foreign key
add_reference :shops, :owner, foreign_key: { to_table: :users, on_delete: :nullify }, index: true
# === B a required reference
add_reference :shops, :owner, null: false, foreign_key: true
# === B a required polymorphic reference
add_belongs_to :shops, :owner, polymorphic: true, null: false
# === B timestamps on an old table
add_timestamps :shops
# === F timestamps on an old table that may be empty
add_timestamps :shops, null: true
# === F timestamps on an old table with a default
add_timestamps :shops, null: false, default: -> { "CURRENT_TIMESTAMP" }
# === F timestamps before Rails 5
class Case < ActiveRecord::Migration
  def self.up
    add_timestamps :shops
  end
end
# === B a column added, filled, then required
add_column :shops, :owner, :string
Shop.update_all(owner: "nobody")
change_column_null :shops, :owner, false
# === B a column added, filled and required in one bulk
change_table :shops, bulk: true do |t|
  t.string :owner, null: false
end
# === F a bulk change that adds only
change_table :shops, bulk: true do |t|
  t.string :note, :kind
  t.integer :count, null: false, default: 0
  t.references :owner
  t.index :note
end
# === B a bulk change that removes
change_table(:shops) do |t|
  t.remove :note, type: :string
end
# === B a bulk change that renames
change_table :shops do |t|
  t.rename :note, :remark
end
# === H a unique index on old columns
add_index :shops, [:name, :town], unique: true
# === F a unique index on new columns that may be empty
add_column :shops, :code, :string
add_index :shops, :code, unique: true, where: "code IS NOT NULL"
# === F a plain index, added and removed
class Case < ActiveRecord::Migration[7.1]
  disable_ddl_transaction!

  def change
    add_index :shops, :name, algorithm: :concurrently
    remove_index :shops, column: :town, if_exists: true
    rename_index :shops, "a", "b"
  end
end
# === F a unique index made weaker
# before
create_table :shops do |t|
  t.string :name
  t.string :town
  t.index :name, unique: true
end
# change
remove_index :shops, :name
add_index :shops, [:name, :town], unique: true
# === B one column removed
remove_column :shops, :note, :string
# === B several columns removed
remove_columns :shops, :note, :kind, type: :string
# === B a column removed behind a guard
remove_column :shops, :note if column_exists?(:shops, :note)
# === F a column removed that the same change had added
add_column :shops, :interim, :integer
remove_column :shops, :interim
# === B a reference removed
remove_reference :shops, :owner, index: true
# === B timestamps removed
remove_timestamps :shops
# === B a table dropped
drop_table :shops
# === B a table dropped, with what would make it again
drop_table :shops do |t|
  t.string :name, null: false
end
# === F a table dropped that never was
# before
create_table :sales
# change
drop_table :shops, if_exists: true
# === B a join table dropped
drop_join_table :shops, :sales
# === B a column renamed
rename_column :shops, :note, :remark
# === B a table renamed
rename_table :shops, :stores
# === F a longer string
# before
create_table :shops do |t|
  t.string :name, limit: 50
  t.integer :count
  t.decimal :price, precision: 8, scale: 2
end
# change
change_column :shops, :name, :string, limit: 100
change_column :shops, :count, :bigint
change_column :shops, :price, :decimal, precision: 10, scale: 2
# === B a shorter string
# before
create_table :shops do |t|
  t.string :name, limit: 100
end
# change
change_column :shops, :name, :string, limit: 50
# === B another type
# before
create_table :shops do |t|
  t.string :count
end
# change
change_column :shops, :count, :integer, using: "count::integer"
# === F a string that becomes text
# before
create_table :shops do |t|
  t.string :note
end
# change
change_column :shops, :note, :text
# === F text by the word of `down`
class Case < ActiveRecord::Migration[6.0]
  def up
    change_column :shops, :note, :text
  end

  def down
    change_column :shops, :note, :string
  end
end
# === B a change of type that also requires
# before
create_table :shops do |t|
  t.string :note
end
# change
change_column :shops, :note, :string, null: false, default: ""
# === F the same type, no longer required
# before
create_table :shops do |t|
  t.string :note, null: false
end
# change
change_column :shops, :note, :string, null: true
# === B a column required
change_column_null :shops, :note, false
# === B a column filled and required
change_column_null :shops, :note, false, ""
# === F a column no longer required
change_column_null :shops, :note, true
# === F a column required that a check required before
# before
create_table :shops do |t|
  t.string :note
end
add_check_constraint :shops, "note IS NOT NULL", name: "shops_note_null", validate: false
# change
class Case < ActiveRecord::Migration[7.0]
  def up
    validate_check_constraint :shops, name: "shops_note_null"
    change_column_null :shops, :note, false
    remove_check_constraint :shops, name: "shops_note_null"
  end
end
# === F a default put in force
change_column_default :shops, :open, from: nil, to: true
# === H a default taken away
# before
create_table :shops do |t|
  t.boolean :open, default: true
end
# change
change_column_default :shops, :open, nil
# === B a default taken away from a required column
# before
create_table :shops do |t|
  t.boolean :open, default: true, null: false
end
# change
change_column_default :shops, :open, from: true, to: nil
# === H a foreign key on an old column
add_foreign_key :shops, :users, column: :owner_id, validate: false
# === F a foreign key validated
validate_foreign_key :shops, :users
# === F a foreign key taken away
remove_foreign_key :shops, :users
remove_foreign_key :shops, column: :owner_id
# === H a check on an old column
add_check_constraint :shops, "price > 0", name: "shops_price"
# === H an exclusion on old columns
add_exclusion_constraint :shops, "room WITH =, span WITH &&", using: :gist
# === H a unique constraint on an old column
add_unique_constraint :shops, [:position], deferrable: :deferred
# === F an enum, and a column of it
create_enum :size, %w[s m]
add_column :shops, :size, :enum, enum_type: :size
# === H one more value
add_enum_value :size, "l", after: "m"
# === B a value renamed
rename_enum_value :size, from: "s", to: "small"
# === B an enum dropped
drop_enum :size
# === F a view
create_view :openings, version: 1, materialized: true
# === H a view changed
update_view :openings, version: 2, revert_to_version: 1
# === H a view replaced
replace_view :openings, version: 2, revert_to_version: 1
# === B a view dropped
drop_view :openings, revert_to_version: 1
# === F an extension and a comment
enable_extension "pgcrypto" unless extension_enabled?("pgcrypto")
change_table_comment :shops, from: "", to: "Where we sell"
# === B SQL that drops
execute "ALTER TABLE shops DROP COLUMN note"
# === F SQL that adds, in a heredoc
execute(<<~SQL.squish)
  ALTER TABLE shops
  ADD COLUMN note text
SQL
# === B SQL that overwrites
class Case < ActiveRecord::Migration[7.0]
  def up
    execute <<-SQL
      UPDATE shops SET name = #{quote("x")} WHERE id IN (#{ids.join(",")})
    SQL
  end

  def down
    raise ActiveRecord::IrreversibleMigration
  end
end
# === H SQL that nobody can read here
execute File.read(Rails.root.join("db/views.sql"))
# === F SQL that only asks
ids = select_values("SELECT id FROM shops")
say "#{ids.size} shops"
# === F a backfill of a new column by SQL
add_column :shops, :label, :string
execute "UPDATE shops SET label = name"
# === F a backfill of a new column by its model
class Case < ActiveRecord::Migration[7.0]
  class Store < ActiveRecord::Base
    self.table_name = "shops"
  end

  def up
    add_column :shops, :label, :string
    Store.reset_column_information
    Store.where(label: nil).in_batches(of: 1000).update_all("label = name")
    Store.find_each do |store|
      next if store.label?

      store.label = store.name.downcase
      store.save!(validate: false)
    end
  end

  def down
    remove_column :shops, :label
  end
end
# === B model code that overwrites
Shop.where(kind: "old").update_all(kind: "new")
# === B a record looked up and saved
shop = Shop.find_by(name: "x")
shop.kind = "new"
shop.save!
# === H model code that fills what is empty
Shop.where(kind: nil).update_all(kind: "new")
# === B model code that deletes
Shop.where(kind: "old").delete_all
# === B model code that deletes one by one
Shop.find_each { |shop| shop.destroy if shop.name.blank? }
# === F literal rows
Shop.create!(name: "first")
Shop.insert_all([{ name: "second" }])
# === H rows made of others
Shop.find_each { |shop| Town.create!(name: shop.town) }
# === H records saved anew for what their callbacks do
Shop.find_each(&:save!)
# === H a service that does anything
BackfillShops.new.call
# === H a job
BackfillShopsJob.perform_later
# === H a task
Rake::Task["shops:backfill"].invoke
# === H a call that nobody knows
reticulate_splines :shops
# === F helper methods of the same class
class Case < ActiveRecord::Migration[7.0]
  TABLES = %i[shops sales].freeze

  def up
    TABLES.each { |table| add_note(table, limit: 20) }
  end

  def down; end

  private

  def add_note(table, name = :note, limit: nil)
    add_column table, "#{name}_text", :string, limit: limit
  end
end
# === B a helper method that drops
class Case < ActiveRecord::Migration[7.0]
  DROPPED = { shops: %i[note kind] }

  def up
    DROPPED.each { |table, columns| drop_all(table, *columns) }
  end

  private def drop_all(table, *columns)
    columns.each { |column| remove_column table, column }
  end
end
# === B both ways, of which one runs
reversible do |dir|
  dir.up { remove_column :shops, :note }
  dir.down { add_column :shops, :note, :string }
end
# === F what only the way back does
reversible do |dir|
  dir.up { add_column :shops, :note, :string }
  dir.down { remove_column :shops, :note }
end
# === F up_only, in a transaction of its own
add_column :shops, :note, :string
up_only { transaction { execute "UPDATE shops SET note = 'none'" } }
# === B assured to be safe
safety_assured { remove_column :shops, :note }
# === F nothing happens
class Case < ActiveRecord::Migration[7.0]
  def up
    # no-op
  end

  def down
    drop_table :shops
  end
end
# === F what follows a return does not run
class Case < ActiveRecord::Migration[7.0]
  def up
    return

    drop_table :shops
  end
end
# === F a guard that leaves early
class Case < ActiveRecord::Migration[7.0]
  def up
    return if column_exists?(:shops, :note)

    add_column :shops, :note, :string
  end
end
# === H what depends on the environment
execute "SELECT wipe()" if Rails.env.staging?
# === F an index whatever the environment
add_index :shops, :name unless Rails.env.test?
# === H what depends on the database
if connection.adapter_name == "Mysql2"
  execute "INSERT INTO shops SELECT * FROM old_shops"
else
  add_index :shops, :name
end
# === F by the connection
ActiveRecord::Base.connection.add_column :shops, :note, :string
connection.execute("CREATE INDEX by_name ON shops (name)")
# === B tables that only a run names, dropped
class Case < ActiveRecord::Migration[7.0]
  def up
    tables.grep(/^old_/).each { |table| drop_table table }
  end
end
# === F a schema file's tables are all new
ActiveRecord::Schema[7.0].define(version: 2026_11_23) do
  enable_extension "plpgsql"
  create_table "shops", force: :cascade do |t|
    t.string "name", limit: 50, null: false
    t.index ["name"], name: "index_shops_on_name", unique: true
  end
  add_foreign_key "shops", "users"
end
# === B narrower than the schema file says
# before
ActiveRecord::Schema[7.0].define(version: 2026_11_23) do
  create_table "shops", force: :cascade do |t|
    t.string "name", limit: 50, null: false
  end
end
# change
change_column :shops, :name, :string, limit: 20
# === F GitLab: concurrently
class Case < Gitlab::Database::Migration[2.2]
  milestone "17.0"
  disable_ddl_transaction!

  INDEX_NAME = "index_shops_on_name"

  def up
    add_concurrent_index :shops, :name, name: INDEX_NAME
    remove_concurrent_index_by_name :shops, "other"
    validate_not_null_constraint :shops, :name
    with_lock_retries { add_column :shops, :note, :text, if_not_exists: true }
  end

  def down
    remove_concurrent_index_by_name :shops, INDEX_NAME
  end
end
# === H GitLab: a required column by a check
add_not_null_constraint :shops, :name, validate: false
# === H GitLab: a limit on old text
add_text_limit :shops, :name, 255
# === F GitLab: a limit on new text
add_column :shops, :note, :text
add_text_limit :shops, :note, 255
# === H GitLab: a foreign key on an old column
add_concurrent_foreign_key :shops, :users, column: :owner_id, on_delete: :cascade
# === H GitLab: a column renamed by a copy and triggers
rename_column_concurrently :shops, :note, :remark
# === B GitLab: the old column of a rename
cleanup_concurrent_column_rename :shops, :note, :remark
# === H GitLab: rows changed in the background
queue_batched_background_migration("BackfillNotes", :shops, :id, job_interval: 2.minutes)
# === B Discourse: a column dropped
class Case < ActiveRecord::Migration[7.0]
  DROPPED_COLUMNS ||= { shops: %i[note] }

  def up
    DROPPED_COLUMNS.each { |table, columns| Migration::ColumnDropper.execute_drop(table, columns) }
  end

  def down
    raise ActiveRecord::IrreversibleMigration
  end
end
# === H Discourse: a column made read-only
Migration::ColumnDropper.mark_readonly(:shops, :note)
# === B Discourse: rows deleted
DB.exec("DELETE FROM shops WHERE name = :name", name: "x")
# === F Mastodon: a new column filled in batches
add_column :shops, :label, :string
update_column_in_batches(:shops, :label, Arel.sql("name"))
# === H no migration at all
puts "hello"
# === F a type changed by a copy, both steps at once
class Case < ActiveRecord::Migration[5.2]
  def up
    safety_assured do
      change_column_type_concurrently :shops, :id, :bigint
      cleanup_concurrent_column_type_change :shops, :id
    end
  end

  def down
    change_column_type_concurrently :shops, :id, :integer
    cleanup_concurrent_column_type_change :shops, :id
  end
end
# === H the second step of a type changed by a copy
cleanup_concurrent_column_type_change :shops, :id
# === B a unique index on a new column whose rows all have one default
add_column_with_default :shops, :code, :string, default: "", allow_null: false
add_index :shops, :code, unique: true
# === B an attribute changed in its place and saved
class Case < ActiveRecord::Migration[7.0]
  def up
    return if !Setting.exists?(name: "system_init_done")

    shop = Shop.find_by name: "x"
    shop.settings[:open] = %w[monday]
    shop.save!
  end
end
# === H an application's own way to add columns
ObjectManager::Attribute.add(object: "Shop", name: "note")
# === B two attributes set at once, of which one is old
add_column :shops, :first, :string
Shop.find_each do |shop|
  shop.first, shop.note = shop.name.split
  shop.save
end
# === F two new attributes set at once
add_column :shops, :first, :string
add_column :shops, :last, :string
Shop.find_each do |shop|
  shop.first, shop.last = shop.name.split
  shop.save
end
# === F rows of a seed in a loop
(1..3).each do |number|
  shop = Shop.new(name: "shop #{number}")
  shop.save
end
# === B rows deleted where an index meets duplicates
class Case < ActiveRecord::Migration[7.0]
  def up
    add_index :shops, :name
  rescue ActiveRecord::RecordNotUnique
    remove_duplicates
  end

  private

  def remove_duplicates
    execute "DELETE FROM shops WHERE id NOT IN (SELECT min(id) FROM shops GROUP BY name)"
  end
end
# === F counters of a new column
add_column :shops, :sales_count, :integer, default: 0
Shop.find_each { |shop| Shop.reset_counters(shop.id, :sales) }
# === H counters of an old column
Shop.find_each { |shop| Shop.reset_counters(shop.id, :sales) }
# === F a model made on the spot
add_column :shops, :label, :string
model = Class.new(ActiveRecord::Base) { self.table_name = "shops" }
model.in_batches.update_all("label = name")
# === B a batchable model
define_batchable_model("shops").where(kind: 1).each_batch do |batch|
  batch.where(open: false).update_all(open: true)
end
# === B a column of another type by the word of `down`
class Case < ActiveRecord::Migration[4.2]
  def up
    change_column :shops, :opened, :string
  end

  def down
    change_column :shops, :opened, :datetime
  end
end
# === F a default by change_column
class Case < ActiveRecord::Migration[7.0]
  def up
    change_column :shops, :stars, :integer, default: 0
  end

  def down
    change_column :shops, :stars, :integer, default: 1
  end
end
# === F a generator's migration opened by name
class CreateTagsMigration < ActiveRecord::Migration[4.2]; end

CreateTagsMigration.class_eval do
  def self.up
    create_table Tags.table do |t|
      t.string :name
    end
  end
end
# === F options that a method makes
class Case < ActiveRecord::Migration[7.0]
  def change
    key, other = key_types
    create_table :blobs, id: key do |t|
      t.references :record, null: false, polymorphic: true, type: other
      t.string :name, options_of_name
    end
  end

  private

  def key_types
    [Rails.configuration.generators.options[:key] || :primary_key, :bigint]
  end

  def options_of_name
    { null: false }
  end
end
# === B SQL with its values filled in
execute(ActiveRecord::Base.sanitize_sql_array(["DELETE FROM shops WHERE name = ?", "x"]))
# === F a backfill by an Arel expression, in another language and zone
add_column :shops, :label, :string
I18n.with_locale(:en) { Shop.update_all(Arel.sql("label = name")) }
Admin::Shop.connection.execute("UPDATE shops SET label = upper(label)")
# === B by a connection that was lent
ActiveRecord::Base.connection_pool.with_connection { |conn| conn.execute("DROP TABLE shops") }
# === H a shell command
`psql -f drop.sql`
# === F columns whose names are made of others, added and removed again
class Case < ActiveRecord::Migration[7.0]
  COLUMNS = %i[id owner_id]
  TARGETS = COLUMNS.map { |column| "#{column}_copy" }

  def up
    TARGETS.each { |column| add_column :shops, column, :bigint, null: false, default: 0 }
    remove_column :shops, :owner_id_copy
  end
end
# === B columns that only a run names, removed
Shop.column_names.grep(/_old$/).each { |column| remove_column :shops, column }
# === B an unlimited string in the place of nobody knows what
change_column :shops, :number, :string
# === B a float in the place of nobody knows what
change_column :shops, :price, :float
# === H a collation of a string whose definition nobody knows
change_column :shops, :path, :string, collation: "C"
# === B a new column of which only one row may be empty
add_column :shops, :code, :string
add_index :shops, :code, unique: true, nulls_not_distinct: true
# === F a new column of a table that is named as its model is, filled
add_column :depot, :code, :string
Depot.find_each { |depot| depot.update!(code: depot.id.to_s) }
# === B an old column of a table that is named as its model is, overwritten
add_column :depot, :code, :string
Depot.find_each { |depot| depot.update!(code: "", name: "") }
