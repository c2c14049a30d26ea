#include "tests/bench/load/bulk.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "absl/time/clock.h"

#include "libs/rpc/client_call.h"
#include "libs/rpc/status.h"
#include "libs/status/status_macros.h"
#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "tests/bench/load/mails.h"

namespace lmsmail::bench {
namespace {

using Dispatch = dispatch::v1::DispatchService;

absl::Status SendStream(const std::shared_ptr<grpc::Channel>& channel,
                        const std::string& request_id, std::int64_t mails,
                        std::int64_t recipients) {
  const auto stub = Dispatch::NewStub(channel);
  grpc::ClientContext context;
  rpc::Apply(rpc::WithTimeout(absl::Hours(4)), context);
  dispatch::v1::SendBulkResponse response;
  const auto stream = stub->SendBulk(&context, &response);
  dispatch::v1::SendBulkRequest header;
  *header.mutable_header() = BulkHeader(request_id);
  bool open = stream->Write(header);
  for (std::int64_t first = 0; open && first < mails; first += kChunk) {
    open = stream->Write(BulkChunk(first, std::min(kChunk, mails - first), recipients));
  }
  stream->WritesDone();
  const grpc::Status status = stream->Finish();
  if (!status.ok()) return rpc::FromGrpcStatus(status);
  if (response.accepted_count() == mails) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("of {} mails {} were accepted", mails, response.accepted_count()));
}

}  // namespace

absl::StatusOr<Report> SendBulk(const std::vector<std::shared_ptr<grpc::Channel>>& channels,
                                const std::string& run, std::int64_t mails,
                                std::int64_t recipients) {
  const auto streams = static_cast<std::int64_t>(channels.size());
  const absl::Time begun = absl::Now();
  std::vector<std::future<absl::Status>> running;
  for (std::int64_t i = 0; i < streams; ++i) {
    const std::int64_t share = mails / streams + (i < mails % streams ? 1 : 0);
    running.push_back(std::async(std::launch::async, [&, i, share] {
      return SendStream(channels[static_cast<std::size_t>(i)], fmt::format("{}/{}", run, i), share,
                        recipients);
    }));
  }
  for (std::future<absl::Status>& stream : running) LMSMAIL_RETURN_IF_ERROR(stream.get());
  return Report{mails, absl::Now() - begun};
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
