#pragma once

#include "libs/http_server/message.h"
#include "libs/telemetry/metrics.h"
#include "services/gateway/bounces/report_intake.h"

namespace lmsmail::gateway {

// Answers POST /bounces?recipient=ADDRESS, whose body is a message that came to that address. 200
// means that the message needs no repetition: what it reports is durable, or it can never be of
// use. After 503 it should come again. Blocks. Thread-safe.
class BounceHandler {
 public:
  // The arguments must outlive this.
  BounceHandler(ReportIntake& intake, telemetry::Metrics& metrics);

  http_server::Response operator()(const http_server::Request& request);

 private:
  http_server::Response Fail(const absl::Status& status);

  ReportIntake& intake_;
  const telemetry::CounterFamily reports_;
};

}  // namespace lmsmail::gateway
