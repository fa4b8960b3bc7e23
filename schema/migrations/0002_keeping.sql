CREATE TABLE `package_use` (
	`package_id` integer NOT NULL,
	`host` text NOT NULL,
	`pid` integer NOT NULL,
	`started` text NOT NULL,
	`until` integer NOT NULL,
	PRIMARY KEY(`package_id`, `host`, `pid`, `started`),
	FOREIGN KEY (`package_id`) REFERENCES `package`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `package_file` ADD `sha256` blob;--> statement-breakpoint
ALTER TABLE `package_file` ADD `is_shared` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `package_file_content` ON `package_file` (`sha256`) WHERE sha256 IS NOT NULL;--> statement-breakpoint
ALTER TABLE `package` ADD `repository_id` integer REFERENCES repository(id) ON DELETE set null;--> statement-breakpoint
ALTER TABLE `package` ADD `superseded` integer;--> statement-breakpoint
CREATE INDEX `package_kept` ON `package` (`used`,`kept_bytes`) WHERE kept IS NOT NULL;--> statement-breakpoint
UPDATE `package` SET `repository_id` = (SELECT max(l.`repository_id`) FROM `package_location` l WHERE l.`package_id` = `package`.`id`);
