#include "tests/bench/load/bulk.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/time/clock.h"

#include "libs/rpc/client_call.h"
#include "libs/rpc/status.h"
#include "libs/status/status_macros.h"
#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "tests/bench/load/mails.h"

namespace lmsmail::bench {
namespace {

using Dispatch = dispatch::v1::DispatchService;

}  // namespace

absl::StatusOr<Report> SendBulk(const std::shared_ptr<grpc::Channel>& channel,
                                const std::string& run, std::int64_t mails,
                                std::int64_t recipients) {
  const auto stub = Dispatch::NewStub(channel);
  grpc::ClientContext context;
  rpc::Apply(rpc::WithTimeout(absl::Hours(4)), context);
  dispatch::v1::SendBulkResponse response;
  const absl::Time start = absl::Now();
  const auto stream = stub->SendBulk(&context, &response);
  dispatch::v1::SendBulkRequest header;
  *header.mutable_header() = BulkHeader(run + "/0");
  header.set_item_count(mails);
  bool open = stream->Write(header);
  for (std::int64_t first = 0; open && first < mails; first += kChunk) {
    open = stream->Write(BulkChunk(first, std::min(kChunk, mails - first), recipients));
  }
  stream->WritesDone();
  const grpc::Status status = stream->Finish();
  if (!status.ok()) return rpc::FromGrpcStatus(status);
  if (response.accepted_count() == mails) return Report{mails, absl::Now() - start};
  return absl::DataLossError(
      fmt::format("only {} of {} mails were accepted", response.accepted_count(), mails));
}

absl::Status SetPaused(const std::shared_ptr<grpc::Channel>& channel, bool paused) {
  const auto stub = Dispatch::NewStub(channel);
  const rpc::CallOptions soon = rpc::WithTimeout(absl::Seconds(30));
  for (const type::v1::Lane lane : {type::v1::LANE_BULK, type::v1::LANE_TRANSACTIONAL}) {
    if (paused) {
      dispatch::v1::PauseLaneRequest request;
      request.set_lane(lane);
      request.set_detail("the benchmark fills the queue");
      LMSMAIL_RETURN_IF_ERROR(
          rpc::Call(*stub, &Dispatch::StubInterface::PauseLane, request, soon).status());
    } else {
      dispatch::v1::ResumeLaneRequest request;
      request.set_lane(lane);
      LMSMAIL_RETURN_IF_ERROR(
          rpc::Call(*stub, &Dispatch::StubInterface::ResumeLane, request, soon).status());
    }
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::bench
