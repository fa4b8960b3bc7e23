CREATE TABLE `build_id` (
	`build_id` blob NOT NULL,
	`role` text NOT NULL,
	`package_id` integer NOT NULL,
	PRIMARY KEY(`build_id`, `role`, `package_id`),
	FOREIGN KEY (`package_id`) REFERENCES `package`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `build_id_package` ON `build_id` (`package_id`);--> statement-breakpoint
CREATE TABLE `fetch_failure` (
	`subject` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`message` text NOT NULL,
	`until` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `lease` (
	`subject` text PRIMARY KEY NOT NULL,
	`host` text NOT NULL,
	`pid` integer NOT NULL,
	`started` text NOT NULL,
	`until` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `package_file` (
	`package_id` integer NOT NULL,
	`path` text NOT NULL,
	`role` text NOT NULL,
	`size` integer NOT NULL,
	`build_id` blob,
	`has_debug` integer NOT NULL,
	`alt_build_id` blob,
	`target` text,
	PRIMARY KEY(`package_id`, `path`),
	FOREIGN KEY (`package_id`) REFERENCES `package`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `package_location` (
	`package_id` integer NOT NULL,
	`repository_id` integer NOT NULL,
	`path` text NOT NULL,
	PRIMARY KEY(`package_id`, `repository_id`),
	FOREIGN KEY (`package_id`) REFERENCES `package`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`repository_id`) REFERENCES `repository`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `location_repository` ON `package_location` (`repository_id`);--> statement-breakpoint
CREATE TABLE `package_path` (
	`path` text NOT NULL,
	`release_id` integer NOT NULL,
	`name` text NOT NULL,
	PRIMARY KEY(`path`, `release_id`, `name`),
	FOREIGN KEY (`release_id`) REFERENCES `release`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `package` (
	`id` integer PRIMARY KEY NOT NULL,
	`release_id` integer NOT NULL,
	`name` text NOT NULL,
	`version` text NOT NULL,
	`architecture` text NOT NULL,
	`source` text NOT NULL,
	`source_version` text NOT NULL,
	`is_debug` integer NOT NULL,
	`size` integer NOT NULL,
	`sha256` blob NOT NULL,
	`added` integer NOT NULL,
	`gone` integer,
	`folder` text,
	`kept` integer,
	`kept_bytes` integer,
	`used` integer,
	FOREIGN KEY (`release_id`) REFERENCES `release`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `package_key` ON `package` (`name`,`version`,`release_id`,`architecture`,`sha256`);--> statement-breakpoint
CREATE INDEX `package_source` ON `package` (`source`,`source_version`,`release_id`);--> statement-breakpoint
CREATE TABLE `release` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `release_name_unique` ON `release` (`name`);--> statement-breakpoint
CREATE TABLE `repository` (
	`id` integer PRIMARY KEY NOT NULL,
	`release_id` integer NOT NULL,
	`format` text NOT NULL,
	`uri` text NOT NULL,
	`suite` text NOT NULL,
	`component` text NOT NULL,
	`architecture` text NOT NULL,
	`fetch` text NOT NULL,
	`superseded` text NOT NULL,
	`date` integer,
	`packages_sha256` text,
	`contents_sha256` text,
	`packages` integer DEFAULT 0 NOT NULL,
	`checked` integer,
	`synced` integer,
	`error` text,
	FOREIGN KEY (`release_id`) REFERENCES `release`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `repository_key` ON `repository` (`uri`,`suite`,`component`,`architecture`,`release_id`);