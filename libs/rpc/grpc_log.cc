#include "libs/rpc/grpc_log.h"

#include <grpc/support/log.h>

#include "libs/telemetry/limited_log.h"

namespace lmsmail::rpc {
namespace {

telemetry::Level LevelOf(gpr_log_severity severity) {
  switch (severity) {
    case GPR_LOG_SEVERITY_DEBUG:
      return telemetry::Level::kDebug;
    case GPR_LOG_SEVERITY_INFO:
      return telemetry::Level::kInfo;
    case GPR_LOG_SEVERITY_ERROR:
      break;
  }
  // gRPC logs the misbehaviour of peers as errors; for this process it is a warning.
  return telemetry::Level::kWarning;
}

void Write(gpr_log_func_args* args) {
  // Any client can make gRPC log a line with each frame that it sends.
  static telemetry::LimitedLog log(20, absl::Seconds(1));
  log.Log(LevelOf(args->severity), "grpc",
          {{"text", args->message}, {"file", args->file}, {"line", args->line}});
}

}  // namespace

void RouteGrpcLog() { gpr_set_log_function(Write); }

}  // namespace lmsmail::rpc
