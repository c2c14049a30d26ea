// What the clients of this folder share: node CLIENT.mjs BASE_URL DESCRIPTORS.
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const [baseUrl, descriptors] = process.argv.slice(2);

export { baseUrl };
export const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)),
);
export const services = [
  "lmsmail.templates.v1.TemplateService",
  "lmsmail.preference.v1.PreferenceService",
  "lmsmail.dispatch.v1.DispatchService",
  "lmsmail.scheduler.v1.SchedulerService",
  "lmsmail.report.v1.ReportService",
].map((name) => registry.getService(name));
