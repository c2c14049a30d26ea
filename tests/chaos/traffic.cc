#include "tests/chaos/traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/time/clock.h"

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"
#include "tests/integration/wait.h"

namespace lmsmail::chaos {
namespace {

namespace out = dispatch::v1;

constexpr int kBatch = 50;
constexpr int kChunksOfStream = 4;
constexpr int kFirstMails = 200;  // delivered before anything is disturbed
constexpr absl::Duration kCallTimeout = absl::Seconds(5);
constexpr absl::Duration kCallersPatience = absl::Minutes(3);
constexpr absl::Duration kPause = absl::Milliseconds(10);

// The number-th mail of a caller, to a student that number decides.
struct NewMail {
  Accepted accepted;
  std::string recipient;
};

NewMail MakeMail(std::string_view template_id, std::string_view caller, std::int64_t number) {
  const int student = static_cast<int>(number % kStudents);
  NewMail mail{{fmt::format("{}/{}/{}", template_id, caller, number), Accepted::Kind::kReceipt},
               StudentName(student)};
  if (template_id == kNewsletterTemplate) {
    mail.accepted.kind =
        OptedOut(student) ? Accepted::Kind::kUnwanted : Accepted::Kind::kNewsletter;
  }
  return mail;
}

template <typename Request>
void SetWord(Request& context) {
  (*context.mutable_fields())["word"].set_string_value("world");
}

out::BatchHeader HeaderOf(std::string_view template_id, std::string request_id) {
  out::BatchHeader header;
  header.set_request_id(std::move(request_id));
  header.set_template_(fmt::format("templates/{}", template_id));
  SetWord(*header.mutable_shared_context());
  return header;
}

// Adds kBatch items from number `first` on to a request, and to what will have been accepted.
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

absl::Status AllAccepted(std::int64_t accepted, std::size_t wanted, const std::string& answer) {
  if (accepted == static_cast<std::int64_t>(wanted)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{} of {} items were accepted: {}", accepted, wanted, answer.substr(0, 500)));
}

absl::Status SendBulk(Stage::Dispatch& stub, const std::vector<out::SendBulkRequest>& requests,
                      std::size_t mails) {
  grpc::ClientContext context;
  rpc::Apply(rpc::WithTimeout(kCallTimeout), context);
  out::SendBulkResponse response;
  const auto stream = stub.SendBulk(&context, &response);
  const bool sent = std::ranges::all_of(
      requests, [&](const out::SendBulkRequest& request) { return stream->Write(request); });
  stream->WritesDone();
  LMSMAIL_RETURN_IF_ERROR(rpc::FromGrpcStatus(stream->Finish()));
  // gRPC may have repeated the beginning of a stream that broke, and report that as a success.
  if (!sent) return absl::UnavailableError("the stream broke");
  return AllAccepted(response.accepted_count(), mails, response.ShortDebugString());
}

bool IsRefusal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsAlreadyExists(status) ||
         absl::IsFailedPrecondition(status);
}

}  // namespace

Traffic::Traffic(Stage& stage, Options options) : stage_(stage), options_(options) {}

Traffic::~Traffic() { Stop().IgnoreError(); }

absl::Status Traffic::Start() {
  start_ = absl::Now();
  threads_.emplace_back([this] { Watch(); });
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
  LMSMAIL_RETURN_IF_ERROR(fault_);
  return accepted_;
}

void Traffic::SendReceipts(int caller) {
  for (std::int64_t number = 0; MayGoOn(1); ++number) {
    NewMail mail = MakeMail(kReceiptTemplate, "one", number);
    out::SendRequest request;
    request.set_request_id(mail.accepted.key);
    request.set_template_(fmt::format("templates/{}", kReceiptTemplate));
    request.mutable_target()->set_recipient(mail.recipient);
    SetWord(*request.mutable_context());
    const auto send = [&](Stage::Dispatch& stub) {
      return rpc::Call(stub, &Stage::Dispatch::Send, request, rpc::WithTimeout(kCallTimeout))
          .status();
    };
    if (!Deliver(caller, send, {mail.accepted})) return;
  }
}

void Traffic::SendBatches(int caller) {
  const std::string name = fmt::format("batch-{}", caller);
  for (std::int64_t number = 0; MayGoOn(kBatch); ++number) {
    const std::string_view template_id = number % 2 == 0 ? kReceiptTemplate : kNewsletterTemplate;
    std::vector<Accepted> mails;
    out::SendBatchRequest request;
    *request.mutable_header() = HeaderOf(template_id, fmt::format("{}/{}", name, number));
    AddItems(request, template_id, name, number * kBatch, mails);
    const auto send = [&](Stage::Dispatch& stub) -> absl::Status {
      LMSMAIL_ASSIGN_OR_RETURN(
          const out::SendBatchResponse response,
          rpc::Call(stub, &Stage::Dispatch::SendBatch, request, rpc::WithTimeout(kCallTimeout)));
      return AllAccepted(response.accepted_count(), kBatch, response.ShortDebugString());
    };
    if (!Deliver(caller, send, std::move(mails))) return;
  }
}

void Traffic::SendStreams(int caller) {
  const std::string name = fmt::format("stream-{}", caller);
  for (std::int64_t number = 0; MayGoOn(kBatch * kChunksOfStream); ++number) {
    std::vector<Accepted> mails;
    std::vector<out::SendBulkRequest> requests(1 + kChunksOfStream);
    *requests.front().mutable_header() =
        HeaderOf(kNewsletterTemplate, fmt::format("{}/{}", name, number));
    for (int i = 0; i < kChunksOfStream; ++i) {
      AddItems(requests.at(static_cast<std::size_t>(i) + 1), kNewsletterTemplate, name,
               (number * kChunksOfStream + i) * kBatch, mails);
    }
    const auto send = [&](Stage::Dispatch& stub) {
      return SendBulk(stub, requests, kBatch * kChunksOfStream);
    };
    if (!Deliver(caller, send, std::move(mails))) return;
  }
}

bool Traffic::MayGoOn(int mails) {
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_ || begun_ + mails > options_.most) return false;
      const double due =
          absl::ToDoubleSeconds(absl::Now() - start_) * static_cast<double>(options_.per_second);
      const bool paced = static_cast<double>(begun_) <= due;
      if (paced && begun_ - delivered_ < options_.most_waiting + begun_ / 5) {
        begun_ += mails;
        return true;
      }
    }
    absl::SleepFor(kPause);
  }
}

bool Traffic::Deliver(int caller, const Call& call, std::vector<Accepted> mails) {
  const absl::Time deadline = absl::Now() + kCallersPatience;
  absl::Status status;
  for (int attempt = 0; absl::Now() < deadline; ++attempt) {
    status = call(*stage_.replica((caller + attempt) % Stage::kReplicas));
    if (status.ok()) {
      absl::MutexLock lock(&mutex_);
      accepted_.insert(accepted_.end(), std::make_move_iterator(mails.begin()),
                       std::make_move_iterator(mails.end()));
      return true;
    }
    if (IsRefusal(status)) break;
    absl::SleepFor(kPause);
  }
  absl::MutexLock lock(&mutex_);
  fault_.Update(absl::Status(
      status.code(), absl::string_view(fmt::format("{} was never accepted: {}", mails.front().key,
                                                   std::string(status.message())))));
  return false;
}

void Traffic::Watch() {
  for (;;) {
    if (const absl::StatusOr<std::int64_t> count = stage_.sink().Count(); count.ok()) {
      delivered_ = *count;
    }
    absl::SleepFor(5 * kPause);
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
  }
}

}  // namespace lmsmail::chaos
