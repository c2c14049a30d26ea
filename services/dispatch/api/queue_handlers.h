#pragma once

#include <utility>

#include "absl/status/status.h"

#include "libs/clock/clock.h"
#include "libs/rpc/call_info.h"
#include "lmsmail/dispatch/v1/dispatch_service.pb.h"
#include "services/dispatch/claiming/queue_maintenance.h"
#include "services/dispatch/storage/message_log.h"
#include "services/dispatch/storage/queue_store.h"
#include "services/dispatch/transports/transports.h"

namespace lmsmail::dispatch {

// Handles the methods for operating the queue and the transports.
class QueueHandlers {
 public:
  // All must outlive this.
  struct Dependencies {
    const Clock& clock;
    QueueStore& queue;
    MessageLog& log;
    QueueMaintenance& maintenance;
    const Transports& transports;
  };
  explicit QueueHandlers(Dependencies dependencies) : d_(dependencies) {}

  absl::Status GetQueueStats(const rpc::CallInfo& call, const v1::GetQueueStatsRequest& request,
                             v1::GetQueueStatsResponse& response);
  absl::Status ListInFlight(const rpc::CallInfo& call, const v1::ListInFlightRequest& request,
                            v1::ListInFlightResponse& response);
  absl::Status PauseLane(const rpc::CallInfo& call, const v1::PauseLaneRequest& request,
                         v1::LaneStats& response);
  absl::Status ResumeLane(const rpc::CallInfo& call, const v1::ResumeLaneRequest& request,
                          v1::LaneStats& response);
  absl::Status Sweep(const rpc::CallInfo& call, const v1::SweepRequest& request,
                     v1::SweepResponse& response);
  absl::Status PurgeLogs(const rpc::CallInfo& call, const v1::PurgeLogsRequest& request,
                         v1::PurgeLogsResponse& response);
  absl::Status ListTransports(const rpc::CallInfo& call, const v1::ListTransportsRequest& request,
                              v1::ListTransportsResponse& response);
  absl::Status TestTransport(const rpc::CallInfo& call, const v1::TestTransportRequest& request,
                             v1::TestTransportResponse& response);

 private:
  absl::Status FillLanes(v1::GetQueueStatsResponse& response);
  absl::Status FillLane(Lane lane, v1::LaneStats& response);

  const Dependencies d_;
};

}  // namespace lmsmail::dispatch
