-- === F MySQL: a column with a default
ALTER TABLE `shop` ADD COLUMN `open` TINYINT(1) NOT NULL DEFAULT 1 AFTER `name`, ADD INDEX `by_open` (`open`);
-- === B MySQL: a required column without a default
ALTER TABLE `shop` ADD COLUMN `owner` VARCHAR(191) NOT NULL;
-- === B MySQL: several columns dropped
ALTER TABLE shop DROP COLUMN name, DROP FOREIGN KEY fk_town;
-- === B MySQL: a column renamed by CHANGE
ALTER TABLE `shop` CHANGE COLUMN `name` `title` VARCHAR(10);
-- === B MySQL: a column required by MODIFY
-- before
CREATE TABLE `shop` (`id` INT NOT NULL AUTO_INCREMENT, `name` VARCHAR(20), PRIMARY KEY (`id`)) ENGINE=InnoDB;
-- change
ALTER TABLE `shop` MODIFY `name` VARCHAR(20) NOT NULL;
-- === F MySQL: a longer column by MODIFY
-- before
CREATE TABLE `shop` (`id` INT NOT NULL AUTO_INCREMENT, `name` VARCHAR(20), PRIMARY KEY (`id`)) ENGINE=InnoDB;
-- change
ALTER TABLE `shop` MODIFY `name` VARCHAR(40), MODIFY `id` BIGINT NOT NULL AUTO_INCREMENT;
-- === H MySQL: a column that nobody knows by MODIFY
ALTER TABLE `shop` MODIFY `name` VARCHAR(40);
-- === H MySQL: one more value in an enum
-- before
CREATE TABLE `shop` (`size` ENUM('s','m') NOT NULL) ENGINE=InnoDB;
-- change
ALTER TABLE `shop` MODIFY `size` ENUM('s','m','l') NOT NULL;
-- === B MySQL: one value fewer in an enum
-- before
CREATE TABLE `shop` (`size` ENUM('s','m') NOT NULL) ENGINE=InnoDB;
-- change
ALTER TABLE `shop` MODIFY `size` ENUM('s') NOT NULL;
-- === B MySQL: tables renamed
RENAME TABLE `shop` TO `store`;
-- === H MySQL: a unique key on an old column
ALTER TABLE `shop` ADD UNIQUE KEY `one_name` (`name`);
-- === F MySQL: an index dropped
DROP INDEX `by_name` ON `shop`;
-- === F MySQL: a table of its own
CREATE TABLE `sale` (`id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, `kind` ENUM('a','b') NOT NULL DEFAULT 'a', PRIMARY KEY (`id`), UNIQUE KEY `u` (`kind`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT IGNORE INTO `sale` (`kind`) SELECT 'a' FROM `shop`;
-- === B MySQL: values overwritten through a join
UPDATE `shop` s JOIN `town` t ON s.town_id = t.id SET s.name = t.name;
-- === F MySQL: a new column filled through a join
ALTER TABLE `shop` ADD COLUMN `town` TEXT;
UPDATE `shop` SET `town` = 'x';
-- === H MySQL: a statement put together at run time
SET @sql = CONCAT('ALTER TABLE `shop` DROP ', @column);
PREPARE statement FROM @sql;
EXECUTE statement;
-- === F SQLite: a column with a default
PRAGMA foreign_keys=OFF;
ALTER TABLE shop ADD COLUMN open INTEGER NOT NULL DEFAULT 1;
-- === F SQLite: a table rebuilt with one more column
-- before
CREATE TABLE "Shop" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT NOT NULL);
-- change
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_Shop" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT NOT NULL, "note" TEXT);
INSERT INTO "new_Shop" ("id", "name") SELECT "id", "name" FROM "Shop";
DROP TABLE "Shop";
ALTER TABLE "new_Shop" RENAME TO "Shop";
-- === B SQLite: a table rebuilt without a column
-- before
CREATE TABLE "Shop" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT NOT NULL);
-- change
CREATE TABLE "new_Shop" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT);
INSERT INTO "new_Shop" ("id") SELECT "id" FROM "Shop";
DROP TABLE "Shop";
ALTER TABLE "new_Shop" RENAME TO "Shop";
-- === B SQLite: a table rebuilt with a required column
-- before
CREATE TABLE "Shop" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT);
-- change
CREATE TABLE "new_Shop" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT NOT NULL);
INSERT INTO "new_Shop" ("id", "name") SELECT "id", coalesce("name", '') AS "name" FROM "Shop";
DROP TABLE "Shop";
ALTER TABLE "new_Shop" RENAME TO "Shop";
-- === H SQLite: a table rebuilt with a unique column
-- before
CREATE TABLE "Shop" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT NOT NULL);
-- change
CREATE TABLE "new_Shop" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT NOT NULL);
INSERT INTO "new_Shop" ("id", "name") SELECT "id", "name" FROM "Shop";
DROP TABLE "Shop";
ALTER TABLE "new_Shop" RENAME TO "Shop";
CREATE UNIQUE INDEX "Shop_name_key" ON "Shop"("name");
-- === F SQLite: a table rebuilt as it was
-- before
CREATE TABLE "Shop" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT NOT NULL);
CREATE UNIQUE INDEX "Shop_name_key" ON "Shop"("name");
-- change
CREATE TABLE "new_Shop" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT NOT NULL);
INSERT INTO "new_Shop" ("id", "name") SELECT "id", "name" FROM "Shop";
DROP TABLE "Shop";
ALTER TABLE "new_Shop" RENAME TO "Shop";
CREATE UNIQUE INDEX "Shop_name_key" ON "Shop"("name");
-- === H SQLite: a table rebuilt that nobody knows
CREATE TABLE "new_Shop" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT);
INSERT INTO "new_Shop" ("id", "name") SELECT "id", "name" FROM "Shop";
DROP TABLE "Shop";
ALTER TABLE "new_Shop" RENAME TO "Shop";
-- === B SQL Server: a column renamed
EXEC sp_rename 'dbo.shop.name', 'title', 'COLUMN';
GO
-- === B SQL Server: a required column
ALTER TABLE [dbo].[shop] ADD [owner] NVARCHAR(1000) NOT NULL;
GO
-- === F SQL Server: a column with a default
ALTER TABLE [dbo].[shop] ADD [owner] NVARCHAR(1000) NOT NULL CONSTRAINT [df] DEFAULT 'x';
-- === F MySQL: a column added where it is missing
SET @prepared = (SELECT IF((SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS WHERE table_name = 'Shop') > 0,
    'SELECT 1', 'ALTER TABLE Shop ADD COLUMN Note varchar(26) DEFAULT \'\';'));
PREPARE add_it FROM @prepared;
EXECUTE add_it;
DEALLOCATE PREPARE add_it;
-- === B MySQL: a column dropped where it is there
SET @prepared = (SELECT IF((SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS WHERE table_name = 'Shop') > 0,
    'ALTER TABLE Shop DROP COLUMN Note;', 'SELECT 1'));
PREPARE drop_it FROM @prepared;
EXECUTE drop_it;
-- === B MySQL: a procedure that only lives here
DROP PROCEDURE IF EXISTS fix;
DELIMITER //
CREATE PROCEDURE fix()
BEGIN
    DECLARE missing INT;
    IF missing > 0 THEN
        ALTER TABLE shop DROP COLUMN note;
    END IF;
END//
DELIMITER ;
CALL fix();
DROP PROCEDURE fix;
-- === F MySQL: a procedure that only lives here, and only adds
DROP PROCEDURE IF EXISTS fix;
DELIMITER $$
CREATE PROCEDURE fix()
BEGIN
    ALTER TABLE shop ADD COLUMN note text;
END$$
DELIMITER ;
CALL fix();
DROP PROCEDURE IF EXISTS fix;
-- === B Oracle: a column required by MODIFY without a type
alter table shop modify name not null;
-- === B MySQL: a column whose empty values are filled, required by MODIFY
UPDATE `shop` SET `town_id` = 1 WHERE `town_id` IS NULL;
ALTER TABLE `shop` MODIFY `town_id` INT NOT NULL;
-- === H Oracle: a column that is as good as gone
ALTER TABLE shop SET UNUSED COLUMN name;
-- === H MySQL: texts in a smaller set of characters
ALTER TABLE `shop` CONVERT TO CHARACTER SET latin1;
-- === F MySQL: texts in the set of all characters
ALTER TABLE `shop` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
-- === H MySQL: a procedure of which nothing can be told
DELIMITER //
CREATE PROCEDURE fix()
BEGIN
    DECLARE many INT;
    FETCH rows_of INTO many;
END//
DELIMITER ;
CALL fix();
-- === B SQLite: a table made anew with a required column that the copy fills
-- before
CREATE TABLE shop (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
-- change
CREATE TABLE shop_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, channel TEXT NOT NULL);
INSERT INTO shop_new (id, name, channel) SELECT id, name, 'web' FROM shop;
DROP TABLE shop;
ALTER TABLE shop_new RENAME TO shop;
-- === F SQLite: a table made anew with a column that has a default
-- before
CREATE TABLE shop (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
-- change
CREATE TABLE shop_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, channel TEXT NOT NULL DEFAULT 'web');
INSERT INTO shop_new (id, name, channel) SELECT id, name, 'web' FROM shop;
DROP TABLE shop;
ALTER TABLE shop_new RENAME TO shop;
