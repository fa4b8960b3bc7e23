CREATE TABLE `counted_task` (
	`id` integer PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE TABLE `crash_count` (
	`signature` text NOT NULL,
	`hour` integer NOT NULL,
	`release` text NOT NULL,
	`package` text NOT NULL,
	`outcome` text NOT NULL,
	`duphash` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`signature`, `hour`, `release`, `package`, `outcome`, `duphash`)
);
--> statement-breakpoint
CREATE INDEX `crash_count_hour` ON `crash_count` (`hour`);