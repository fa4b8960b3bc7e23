CREATE TABLE `task_memory` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`package` text,
	`release` text,
	`core_mb` integer NOT NULL,
	`peak_mb` integer NOT NULL
);
