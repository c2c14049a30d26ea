// What callers with fewer roles than viewers see of mail.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/dispatch_service_fixture.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::HasSubstr;

class OwnMailTest : public DispatchServiceTest {
 protected:
  static rpc::CallInfo As(const std::string& name, identity::Role role) {
    rpc::CallInfo call;
    call.caller = {.name = name, .roles = {role}};
    return call;
  }
  static rpc::CallInfo Sender(const std::string& name) { return As(name, type::v1::ROLE_SENDER); }

  // The name of the mail that the caller sent under the key.
  std::string SentBy(const std::string& name, const std::string& key) {
    v1::SendBatchRequest request;
    request.mutable_header()->set_request_id("batch of " + name);
    request.mutable_header()->set_template_("templates/enrollment");
    v1::BatchItem& item = *request.add_items();
    item.set_dedupe_key(key);
    item.mutable_target()->set_recipient("recipients/ada");
    (*item.mutable_context()->mutable_fields())["course"].set_string_value("C++");
    v1::SendBatchResponse response;
    EXPECT_OK(send_.SendBatch(Sender(name), request, response));
    batch_ = response.batch();
    EXPECT_EQ(response.duplicate_count(), 0);
    return response.results(0).message();
  }
  absl::StatusOr<v1::Message> Get(const rpc::CallInfo& call, v1::GetMessageRequest request) {
    v1::Message message;
    const absl::Status status = messages_.GetMessage(call, request, message);
    if (!status.ok()) return status;
    return message;
  }
  static v1::GetMessageRequest ByName(const std::string& name) {
    v1::GetMessageRequest request;
    request.set_name(name);
    return request;
  }

  std::string batch_;  // of the latest SentBy()
};

TEST_F(OwnMailTest, KeysOfTwoCallersAreTwoMails) {
  const std::string of_lms = SentBy("lms", "k");
  const std::string of_crm = SentBy("crm", "k");
  EXPECT_NE(of_lms, of_crm);
  EXPECT_EQ(Get(Sender("lms"), ByKey("k"))->name(), of_lms);
  const auto crm = Get(Sender("crm"), ByKey("k"));
  ASSERT_OK(crm);
  EXPECT_EQ(crm->name(), of_crm);
  EXPECT_EQ(crm->request_id(), "k");
  EXPECT_EQ(crm->sender(), "crm");
}

TEST_F(OwnMailTest, ViewersNameTheSenderOfAnAmbiguousKey) {
  SentBy("lms", "k");
  const auto viewer = As("support", type::v1::ROLE_VIEWER);
  EXPECT_EQ(Get(viewer, ByKey("k"))->sender(), "lms");
  SentBy("crm", "k");
  EXPECT_THAT(Get(viewer, ByKey("k")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("crm or lms")));
  v1::GetMessageRequest request = ByKey("k");
  request.set_sender("crm");
  EXPECT_EQ(Get(viewer, request)->sender(), "crm");
  request.set_sender("nobody");
  EXPECT_THAT(Get(viewer, request), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(OwnMailTest, SendersDoNotSeeTheMailOfOthers) {
  const std::string name = SentBy("lms", "k");
  EXPECT_OK(Get(Sender("lms"), ByName(name)));
  EXPECT_THAT(Get(Sender("crm"), ByName(name)), StatusIs(absl::StatusCode::kNotFound));
  v1::GetMessageRequest request = ByKey("k");
  request.set_sender("lms");
  EXPECT_THAT(Get(Sender("crm"), request), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(Get(As("support", type::v1::ROLE_VIEWER), ByName(name)));
}

TEST_F(OwnMailTest, SendersDoNotCancelTheMailOfOthers) {
  v1::CancelMessageRequest request;
  request.set_name(SentBy("lms", "k"));
  v1::Message message;
  EXPECT_THAT(messages_.CancelMessage(Sender("crm"), request, message),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(messages_.CancelMessage(Sender("lms"), request, message));
  EXPECT_EQ(message.state(), v1::STATE_CANCELLED);
}

TEST_F(OwnMailTest, SendersDoNotSeeOrCancelTheBatchesOfOthers) {
  SentBy("lms", "k");
  v1::GetBatchRequest get;
  get.set_name(batch_);
  v1::CancelBatchRequest cancel;
  cancel.set_name(batch_);
  v1::Batch batch;
  EXPECT_THAT(messages_.GetBatch(Sender("crm"), get, batch), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(messages_.CancelBatch(Sender("crm"), cancel, batch),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(messages_.GetBatch(Sender("lms"), get, batch));
  EXPECT_EQ(batch.sender(), "lms");
  EXPECT_OK(messages_.CancelBatch(Sender("lms"), cancel, batch));
}

TEST_F(OwnMailTest, TheFullViewIsForOperators) {
  v1::GetMessageRequest request = ByName(SentBy("lms", "k"));
  request.set_view(v1::MESSAGE_VIEW_FULL);
  for (const auto& call : {Sender("lms"), As("support", type::v1::ROLE_VIEWER)}) {
    EXPECT_THAT(Get(call, request),
                StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("the role operator")));
  }
  EXPECT_OK(Get(As("on-call", type::v1::ROLE_OPERATOR), request));
}

}  // namespace
}  // namespace lmsmail::dispatch
