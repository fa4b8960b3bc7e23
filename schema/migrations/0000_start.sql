CREATE TABLE `package_time` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`package` text,
	`release` text,
	`time` real
);
--> statement-breakpoint
CREATE INDEX `package_release` ON `package_time` (`package`,`release`);--> statement-breakpoint
CREATE TABLE `task_id` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`created` integer DEFAULT (unixepoch()) NOT NULL
);
