#pragma once

#include <atomic>
#include <utility>

#include "absl/status/status.h"

#include "libs/clock/clock.h"
#include "libs/rpc/call_info.h"
#include "libs/rpc/executor.h"
#include "libs/rpc/responder.h"
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
  // Finishes on a thread of its own, because a server may be silent until the call's deadline.
  // RESOURCE_EXHAUSTED at once while kMaxTests run.
  void TestTransport(const rpc::CallInfo& call, const v1::TestTransportRequest& request,
                     v1::TestTransportResponse& response, rpc::Responder responder);

  static constexpr int kMaxTests = 4;

 private:
  absl::Status FillLanes(const rpc::CallInfo& call, v1::GetQueueStatsResponse& response);
  void FillTransport(const Transport& transport, v1::Transport& response) const;
  absl::Status FillLane(const rpc::CallInfo& call, Lane lane, v1::LaneStats& response);

  const Dependencies d_;
  std::atomic<int> tests_ = 0;                                         // that run
  rpc::Executor testers_{{.threads = kMaxTests, .queue = kMaxTests}};  // last: it uses the rest
};

}  // namespace lmsmail::dispatch
