CREATE TABLE `crash_sentence` (
	`signature` text PRIMARY KEY NOT NULL,
	`sentence` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `missing_file` (
	`hour` integer NOT NULL,
	`release` text NOT NULL,
	`build_id` text NOT NULL,
	`file` text NOT NULL,
	`package` text NOT NULL,
	`status` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`hour`, `release`, `build_id`, `file`, `package`)
);
--> statement-breakpoint
CREATE TABLE `step_time` (
	`hour` integer NOT NULL,
	`step` text NOT NULL,
	`bucket` integer NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`hour`, `step`, `bucket`)
);
--> statement-breakpoint
CREATE TABLE `supply_count` (
	`hour` integer PRIMARY KEY NOT NULL,
	`here` integer NOT NULL,
	`fetched` integer NOT NULL
);
