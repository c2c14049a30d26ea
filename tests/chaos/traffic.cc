#include "tests/chaos/traffic.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "absl/time/clock.h"

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::chaos {
namespace {

namespace pb = dispatch::v1;

constexpr int kBatch = 50;
constexpr int kChunksOfStream = 4;
constexpr int kFirstMails = 200;  // delivered before the fault
constexpr std::int64_t kMaxMails = 100'000;
constexpr std::int64_t kMailsPerSecond = 1'500;  // on average; callers catch up after an outage
constexpr std::int64_t kMaxPending = 3'000;      // accepted and not delivered; callers pause then
constexpr absl::Duration kCallTimeout = absl::Seconds(5);
constexpr absl::Duration kRetryTimeout = absl::Minutes(3);
constexpr absl::Duration kPause = absl::Milliseconds(10);

// Mail `number` of a caller. The number determines the student.
struct NewMail {
  Accepted accepted;
  std::string recipient;
};

NewMail MakeMail(std::string_view template_id, std::string_view caller, std::int64_t number) {
  const int student = static_cast<int>(number % kStudents);
  NewMail mail{{.key = fmt::format("{}/{}/{}", template_id, caller, number),
                .address_refused = student == kRefusedStudent},
               integration::NameOf(StudentId(student))};
  if (template_id == kNewsletterTemplate) {
    mail.accepted.kind =
        OptedOut(student) ? Accepted::Kind::kOptedOut : Accepted::Kind::kNewsletter;
  }
  return mail;
}

void SetWord(google::protobuf::Struct& context) {
  (*context.mutable_fields())["word"].set_string_value("world");
}

pb::BatchHeader HeaderOf(std::string_view template_id, std::string request_id) {
  pb::BatchHeader header;
  header.set_request_id(std::move(request_id));
  header.set_template_(fmt::format("templates/{}", template_id));
  SetWord(*header.mutable_shared_context());
  return header;
}

// Adds kBatch items from number `first` on to a request and to `mails`.
template <typename Request>
void AddItems(Request& request, std::string_view template_id, std::string_view caller,
              std::int64_t first, std::vector<Accepted>& mails) {
  for (std::int64_t number = first; number < first + kBatch; ++number) {
    NewMail mail = MakeMail(template_id, caller, number);
    auto& item = *request.add_items();
    item.mutable_target()->set_recipient(mail.recipient);
    item.set_dedupe_key(mail.accepted.key);
    mails.push_back(std::move(mail.accepted));
  }
}

absl::Status AllAccepted(std::int64_t accepted, std::size_t wanted, const std::string& response) {
  if (accepted == static_cast<std::int64_t>(wanted)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{} of {} items were accepted: {}", accepted, wanted, response.substr(0, 500)));
}

absl::Status SendBulk(Cluster::Dispatch& stub, const std::vector<pb::SendBulkRequest>& requests,
                      std::size_t mails) {
  grpc::ClientContext context;
  rpc::Apply(rpc::WithTimeout(kCallTimeout), context);
  pb::SendBulkResponse response;
  const auto stream = stub.SendBulk(&context, &response);
  for (const pb::SendBulkRequest& request : requests) {
    if (!stream->Write(request)) break;  // Finish() tells why
  }
  stream->WritesDone();
  LMSMAIL_RETURN_IF_ERROR(rpc::FromGrpcStatus(stream->Finish()));
  return AllAccepted(response.accepted_count(), mails, response.ShortDebugString());
}

bool IsRejection(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsAlreadyExists(status) ||
         absl::IsFailedPrecondition(status);
}

}  // namespace

Traffic::~Traffic() { Stop().IgnoreError(); }

absl::Status Traffic::Start() {
  start_ = absl::Now();
  threads_.emplace_back([this] { CountDelivered(); });
  threads_.emplace_back([this] { SendReceipts(0); });
  threads_.emplace_back([this] { SendBatches(1); });
  threads_.emplace_back([this] { SendBatches(2); });
  threads_.emplace_back([this] { SendStreams(3); });
  return integration::WaitUntil("mail flows", [this] { return delivered_ >= kFirstMails; });
}

absl::StatusOr<std::vector<Accepted>> Traffic::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  absl::MutexLock lock(&mutex_);
  LMSMAIL_RETURN_IF_ERROR(error_);
  // The sink refuses nobody.
  if (cluster_.provider() == nullptr) {
    for (Accepted& mail : accepted_) mail.address_refused = false;
  }
  return accepted_;
}

void Traffic::SendReceipts(int caller) {
  for (std::int64_t number = 0; WaitForCapacity(1); ++number) {
    NewMail mail = MakeMail(kReceiptTemplate, "one", number);
    pb::SendRequest request;
    request.set_request_id(mail.accepted.key);
    request.set_template_(fmt::format("templates/{}", kReceiptTemplate));
    request.mutable_target()->set_recipient(mail.recipient);
    SetWord(*request.mutable_context());
    const auto send = [&](Cluster::Dispatch& stub) {
      return rpc::Call(stub, &Cluster::Dispatch::Send, request, rpc::WithTimeout(kCallTimeout))
          .status();
    };
    if (!Deliver(caller, send, {mail.accepted})) return;
  }
}

void Traffic::SendBatches(int caller) {
  const std::string name = fmt::format("batch-{}", caller);
  for (std::int64_t number = 0; WaitForCapacity(kBatch); ++number) {
    const std::string_view template_id = number % 2 == 0 ? kReceiptTemplate : kNewsletterTemplate;
    std::vector<Accepted> mails;
    pb::SendBatchRequest request;
    *request.mutable_header() = HeaderOf(template_id, fmt::format("{}/{}", name, number));
    AddItems(request, template_id, name, number * kBatch, mails);
    const auto send = [&](Cluster::Dispatch& stub) -> absl::Status {
      LMSMAIL_ASSIGN_OR_RETURN(
          const pb::SendBatchResponse response,
          rpc::Call(stub, &Cluster::Dispatch::SendBatch, request, rpc::WithTimeout(kCallTimeout)));
      return AllAccepted(response.accepted_count(), kBatch, response.ShortDebugString());
    };
    if (!Deliver(caller, send, std::move(mails))) return;
  }
}

void Traffic::SendStreams(int caller) {
  const std::string name = fmt::format("stream-{}", caller);
  for (std::int64_t number = 0; WaitForCapacity(kBatch * kChunksOfStream); ++number) {
    std::vector<Accepted> mails;
    std::vector<pb::SendBulkRequest> requests(1 + kChunksOfStream);
    *requests.front().mutable_header() =
        HeaderOf(kNewsletterTemplate, fmt::format("{}/{}", name, number));
    // gRPC may retry only the beginning of a broken stream.
    requests.front().set_item_count(kBatch * kChunksOfStream);
    for (int i = 0; i < kChunksOfStream; ++i) {
      AddItems(requests.at(static_cast<std::size_t>(i) + 1), kNewsletterTemplate, name,
               (number * kChunksOfStream + i) * kBatch, mails);
    }
    const auto send = [&](Cluster::Dispatch& stub) {
      return SendBulk(stub, requests, kBatch * kChunksOfStream);
    };
    if (!Deliver(caller, send, std::move(mails))) return;
  }
}

bool Traffic::WaitForCapacity(int mails) {
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_ || started_ + mails > kMaxMails) return false;
      const double due =
          absl::ToDoubleSeconds(absl::Now() - start_) * static_cast<double>(kMailsPerSecond);
      const bool paced = static_cast<double>(started_) <= due;
      if (paced && started_ - delivered_ < kMaxPending + started_ / 5) {
        started_ += mails;
        return true;
      }
    }
    absl::SleepFor(kPause);
  }
}

bool Traffic::Deliver(int caller, const Call& call, std::vector<Accepted> mails) {
  const absl::Time deadline = absl::Now() + kRetryTimeout;
  absl::Status status;
  for (int attempt = 0; absl::Now() < deadline; ++attempt) {
    status = call(*cluster_.replica((caller + attempt) % Cluster::kReplicas));
    if (status.ok()) {
      absl::MutexLock lock(&mutex_);
      accepted_.insert(accepted_.end(), std::make_move_iterator(mails.begin()),
                       std::make_move_iterator(mails.end()));
      return true;
    }
    if (IsRejection(status)) break;
    absl::SleepFor(kPause);
  }
  absl::MutexLock lock(&mutex_);
  error_.Update(absl::Status(
      status.code(), absl::string_view(fmt::format("{} was never accepted: {}", mails.front().key,
                                                   std::string(status.message())))));
  return false;
}

void Traffic::CountDelivered() {
  for (;;) {
    if (const absl::StatusOr<std::int64_t> count = cluster_.CountReceived(); count.ok()) {
      delivered_ = *count;
    }
    absl::SleepFor(5 * kPause);
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
  }
}

}  // namespace lmsmail::chaos
