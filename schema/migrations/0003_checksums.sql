ALTER TABLE `package` RENAME COLUMN "sha256" TO "identity";--> statement-breakpoint
ALTER TABLE `package_location` ADD `sha512` blob;