#include "deploy/smoke/smoke.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "libs/rpc/testing/in_process_server.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::smoke {
namespace {

using ::testing::HasSubstr;
namespace pb = dispatch::v1;

template <typename Context>
grpc::ServerUnaryReactor* Finish(Context* context, grpc::Status status = grpc::Status::OK) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(std::move(status));
  return reactor;
}

const grpc::Status kUnavailable(grpc::StatusCode::UNAVAILABLE, "name not found");

// Accepts one mail, whose states are those that the test gives, the last one for good.
class FakeDispatch final : public pb::DispatchService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Send(grpc::CallbackServerContext* context,
                                 const pb::SendRequest* request, pb::Message* response) override {
    if (unavailable-- > 0) return Finish(context, kUnavailable);
    sent = *request;
    response->set_name("messages/1");
    return Finish(context);
  }
  grpc::ServerUnaryReactor* GetMessage(grpc::CallbackServerContext* context,
                                       const pb::GetMessageRequest* request,
                                       pb::Message* response) override {
    response->set_name(request->name());
    response->set_state(states[std::min(reads++, states.size() - 1)]);
    if (request->view() == pb::MESSAGE_VIEW_FULL) response->set_raw(raw);
    return Finish(context);
  }
  grpc::ServerUnaryReactor* ExplainMessage(grpc::CallbackServerContext* context,
                                           const pb::ExplainMessageRequest*,
                                           pb::ExplainMessageResponse* response) override {
    response->set_summary("The server refused the sender.");
    return Finish(context);
  }

  std::vector<pb::State> states = {pb::STATE_SENT};
  std::string raw = "Subject: ref-1\r\n\r\n";
  pb::SendRequest sent;
  std::size_t reads = 0;
  int unavailable = 0;  // calls of Send that do not reach it
};

class FakeTemplates final : public templates::v1::TemplateService::CallbackService {
 public:
  grpc::ServerUnaryReactor* InstallBuiltInTemplates(
      grpc::CallbackServerContext* context, const templates::v1::InstallBuiltInTemplatesRequest*,
      templates::v1::InstallBuiltInTemplatesResponse*) override {
    if (unavailable-- > 0) return Finish(context, kUnavailable);
    ++installations;
    return Finish(context);
  }
  int installations = 0;
  int unavailable = 0;
};

class SmokeTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::string> Run() {
    const auto templates = server_.NewStub<templates::v1::TemplateService>();
    const auto dispatch = server_.NewStub<pb::DispatchService>();
    Environment environment{.templates = *templates,
                            .dispatch = *dispatch,
                            .now = [this] { return now_; },
                            .sleep = [this](absl::Duration time) { now_ += time; }};
    return SendAndReadBack(options_, "ref-1", environment);
  }

  Options options_{.recipient = "you@school.example"};
  absl::Time now_ = absl::UnixEpoch();
  FakeDispatch dispatch_;
  FakeTemplates templates_;
  rpc::InProcessServer server_{{rpc::Host<pb::DispatchService>(dispatch_),
                                rpc::Host<templates::v1::TemplateService>(templates_)}};
};

TEST_F(SmokeTest, WaitsForTheMailAndReadsItBack) {
  dispatch_.states = {pb::STATE_QUEUED, pb::STATE_SENDING, pb::STATE_SENT};
  ASSERT_OK_AND_ASSIGN(const std::string summary, Run());
  EXPECT_THAT(summary, HasSubstr("messages/1"));
  EXPECT_EQ(dispatch_.reads, 3u);
  EXPECT_EQ(dispatch_.sent.request_id(), "smoke/ref-1");
  EXPECT_EQ(dispatch_.sent.target().email_address(), "you@school.example");
  EXPECT_EQ(templates_.installations, 0);
}

TEST_F(SmokeTest, InstallsTemplatesWhenAsked) {
  options_.install_templates = true;
  ASSERT_OK(Run());
  EXPECT_EQ(templates_.installations, 1);
}

TEST_F(SmokeTest, WaitsForServicesThatAreNotReachedYet) {
  options_.install_templates = true;
  templates_.unavailable = 8;
  dispatch_.unavailable = 8;
  ASSERT_OK(Run());
}

TEST_F(SmokeTest, GivesUpOnAServiceThatIsNeverReached) {
  options_.timeout = absl::Seconds(2);
  dispatch_.unavailable = 1000;
  EXPECT_EQ(Run().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(now_, absl::UnixEpoch() + options_.timeout);
}

TEST_F(SmokeTest, SaysWhyTheMailWasNotSent) {
  dispatch_.states = {pb::STATE_FAILED};
  const absl::Status status = Run().status();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("messages/1 is STATE_FAILED: The server refused the sender."));
}

TEST_F(SmokeTest, GivesUpAfterTheTimeout) {
  dispatch_.states = {pb::STATE_QUEUED};
  const absl::Status status = Run().status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("has not left within 2m"));
  EXPECT_EQ(now_, absl::UnixEpoch() + options_.timeout);
}

TEST_F(SmokeTest, MissesTheReference) {
  dispatch_.raw = "Subject: another\r\n\r\n";
  EXPECT_EQ(Run().status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace lmsmail::smoke
