#include "services/dispatch/api/queue_handlers.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"

#include "libs/protobuf/time.h"
#include "libs/rpc/page.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/validation/text.h"
#include "services/dispatch/api/convert.h"
#include "services/dispatch/message/resource_names.h"
#include "services/dispatch/transports/remedies.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::size_t kMaxPauseDetail = 200;
constexpr absl::Duration kMinLogAge = absl::Hours(24 * 7);

}  // namespace

absl::Status QueueHandlers::FillLanes(const rpc::CallInfo& call,
                                      v1::GetQueueStatsResponse& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<LaneDepth> depths, d_.queue.Depths(call.deadline));
  LMSMAIL_ASSIGN_OR_RETURN(const MessageLog::Recent recent, d_.log.RecentOutcomes(call.deadline));
  for (const LaneDepth& depth : depths) {
    v1::LaneStats& lane = *response.add_lanes();
    ToProto(depth, d_.clock.Now(), lane);
    for (const auto& [which, rate] : recent.sent_per_second) {
      if (which == depth.lane) lane.set_sent_per_second(rate);
    }
  }
  for (const auto& [state, count] : recent.last_hour) {
    v1::StateCount& out = *response.add_last_hour();
    out.set_state(ToProto(state));
    out.set_count(count);
  }
  return absl::OkStatus();
}

absl::Status QueueHandlers::FillLane(const rpc::CallInfo& call, Lane lane,
                                     v1::LaneStats& response) {
  v1::GetQueueStatsResponse all;
  LMSMAIL_RETURN_IF_ERROR(FillLanes(call, all));
  for (const v1::LaneStats& stats : all.lanes()) {
    if (stats.lane() == ToProto(lane)) response = stats;
  }
  return absl::OkStatus();
}

absl::Status QueueHandlers::GetQueueStats(const rpc::CallInfo& call,
                                          const v1::GetQueueStatsRequest&,
                                          v1::GetQueueStatsResponse& response) {
  return FillLanes(call, response);
}

absl::Status QueueHandlers::ListInFlight(const rpc::CallInfo& call,
                                         const v1::ListInFlightRequest& request,
                                         v1::ListInFlightResponse& response) {
  Violations violations;
  const rpc::Page page(request, {"in_flight"}, {.default_size = 50, .max_size = 500}, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  const ClaimId after = DecodeId(page.after()).value_or(0);
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<InFlightClaim> claims,
                           d_.queue.InFlight(after, page.limit(), call.deadline));
  response.set_next_page_token(
      page.TrimToPage(claims, [](const InFlightClaim& last) { return EncodeId(last.id); }));
  for (const InFlightClaim& claim : claims) ToProto(claim, *response.add_batches());
  return absl::OkStatus();
}

absl::Status QueueHandlers::PauseLane(const rpc::CallInfo& call,
                                      const v1::PauseLaneRequest& request,
                                      v1::LaneStats& response) {
  Violations violations;
  const Lane lane = LaneFromProto(request.lane(), violations);
  validation::CheckText(request.detail(), "detail", {.max_length = kMaxPauseDetail}, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_RETURN_IF_ERROR(d_.queue.SetPaused(lane, true, request.detail(), call.deadline));
  return FillLane(call, lane, response);
}

absl::Status QueueHandlers::ResumeLane(const rpc::CallInfo& call,
                                       const v1::ResumeLaneRequest& request,
                                       v1::LaneStats& response) {
  Violations violations;
  const Lane lane = LaneFromProto(request.lane(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_RETURN_IF_ERROR(d_.queue.SetPaused(lane, false, "", call.deadline));
  return FillLane(call, lane, response);
}

absl::Status QueueHandlers::Sweep(const rpc::CallInfo& call, const v1::SweepRequest&,
                                  v1::SweepResponse& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const QueueMaintenance::Swept swept,
                           d_.maintenance.Sweep(call.deadline));
  LMSMAIL_RETURN_IF_ERROR(d_.queue.EnsurePartitions(call.deadline));
  response.set_recovered_count(swept.recovered);
  response.set_promoted_count(swept.promoted);
  return absl::OkStatus();
}

absl::Status QueueHandlers::PurgeLogs(const rpc::CallInfo& call,
                                      const v1::PurgeLogsRequest& request,
                                      v1::PurgeLogsResponse& response) {
  Violations violations;
  const absl::Duration age = request.has_max_age()
                                 ? protobuf::FromProto(request.max_age(), "max_age", violations)
                                 : absl::ZeroDuration();
  if (violations.empty() && age < kMinLogAge) {
    violations.Add("max_age", "is required and must be at least 7 days (\"604800s\")");
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(
      const QueueStore::Purged purged,
      d_.queue.Purge(d_.clock.Now() - age, request.validate_only(), call.deadline));
  response.set_dropped_day_count(purged.dropped_days);
  response.set_kept_day_count(purged.kept_days);
  return absl::OkStatus();
}

absl::Status QueueHandlers::ListTransports(const rpc::CallInfo&,
                                           const v1::ListTransportsRequest& request,
                                           v1::ListTransportsResponse& response) {
  Violations violations;
  const rpc::Page page(request, {"transports"}, {.default_size = 50, .max_size = 100}, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  std::vector<TransportInfo> transports = d_.transports.List();
  std::erase_if(transports, [&](const TransportInfo& info) { return info.name <= page.after(); });
  transports.resize(std::min(transports.size(), static_cast<std::size_t>(page.limit())));
  response.set_next_page_token(
      page.TrimToPage(transports, [](const TransportInfo& last) { return last.name; }));
  for (const TransportInfo& info : transports) {
    FillTransport(*d_.transports.Find(info.name), *response.add_transports());
  }
  return absl::OkStatus();
}

void QueueHandlers::FillTransport(const Transport& transport, v1::Transport& response) const {
  ToProto(transport.info(), response);
  ToProto(transport.health(), response);
  response.set_default_(transport.info().name == d_.transports.default_name());
  response.set_in_flight_count(transport.in_flight());
}

void QueueHandlers::TestTransport(const rpc::CallInfo& call,
                                  const v1::TestTransportRequest& request,
                                  v1::TestTransportResponse& response, rpc::Responder responder) {
  if (request.transport().empty()) {
    return responder.Finish(
        InvalidField("transport", "is required; ListTransports returns the names"));
  }
  Transport* const transport = d_.transports.Find(request.transport());
  if (transport == nullptr) {
    return responder.Finish(NotFound(fmt::format("transport {}", request.transport())));
  }
  if (tests_.fetch_add(1) >= kMaxTests) {
    --tests_;
    return responder.Finish(absl::ResourceExhaustedError(fmt::format(
        "{} tests of transports run already: try again when one has ended", kMaxTests)));
  }
  testers_.Submit([this, transport, &response, deadline = call.deadline,
                   responder = std::move(responder)]() mutable {
    const absl::Time start = absl::Now();
    const absl::StatusOr<std::string> report = transport->Test(deadline - start);
    --tests_;
    *response.mutable_latency() = protobuf::ToProto(absl::Now() - start);
    response.set_ok(report.ok());
    response.set_detail(report.ok() ? *report : std::string(report.status().message()));
    if (!report.ok()) response.set_remedy(std::string(RemedyFor(report.status())));
    FillTransport(*transport, *response.mutable_transport());
    responder.Finish(absl::OkStatus());
  });
}

}  // namespace lmsmail::dispatch
