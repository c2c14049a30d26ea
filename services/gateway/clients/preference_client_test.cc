#include "services/gateway/clients/preference_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/rpc/testing/in_process_server.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::gateway {
namespace {

using ::testing::ElementsAre;

namespace pb = lmsmail::preference::v1;
namespace type = lmsmail::type::v1;

// Answers every method with `link`, and keeps the request.
class FakePreferenceService final : public pb::PreferenceService::CallbackService {
 public:
  grpc::ServerUnaryReactor* ResolveLink(grpc::CallbackServerContext* context,
                                        const pb::ResolveLinkRequest* request,
                                        pb::Link* response) override {
    return Answer(context, *request, response);
  }
  grpc::ServerUnaryReactor* OneClickUnsubscribe(grpc::CallbackServerContext* context,
                                                const pb::OneClickUnsubscribeRequest* request,
                                                pb::Link* response) override {
    return Answer(context, *request, response);
  }
  grpc::ServerUnaryReactor* UpdateLink(grpc::CallbackServerContext* context,
                                       const pb::UpdateLinkRequest* request,
                                       pb::Link* response) override {
    update = *request;
    return Answer(context, *request, response);
  }
  grpc::ServerUnaryReactor* UndoLinkUpdate(grpc::CallbackServerContext* context,
                                           const pb::UndoLinkUpdateRequest* request,
                                           pb::Link* response) override {
    undo = *request;
    return Answer(context, *request, response);
  }

  pb::Link link;
  grpc::Status status;
  std::string token;
  pb::UpdateLinkRequest update;
  pb::UndoLinkUpdateRequest undo;

 private:
  template <typename Request>
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const Request& request,
                                   pb::Link* response) {
    token = request.token();
    *response = link;
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(status);
    return reactor;
  }
};

class PreferenceClientTest : public ::testing::Test {
 protected:
  FakePreferenceService service_;
  rpc::InProcessServer server_{{rpc::Host<pb::PreferenceService>(service_)}};
  PreferenceClient client_{server_.NewStub<pb::PreferenceService>(), absl::Seconds(10)};
};

TEST_F(PreferenceClientTest, ReadsALinkWithoutMandatoryAndUnknownCategories) {
  service_.link.set_kind(pb::Link::KIND_UNSUBSCRIBE);
  service_.link.set_category(type::CATEGORY_CONTENT);
  service_.link.set_language_code("fr");
  service_.link.set_tracking_allowed(true);
  for (const int category : {1, 3, 5, 99}) {
    pb::CategoryPreference& each = *service_.link.add_categories();
    each.set_category(static_cast<type::Category>(category));
    each.set_mandatory(category == 1);
    each.set_subscribed(category != 5);
  }
  ASSERT_OK_AND_ASSIGN(const Link link, client_.Resolve("t"));
  EXPECT_EQ(service_.token, "t");
  EXPECT_EQ(link.kind, LinkKind::kUnsubscribe);
  EXPECT_EQ(link.category, Category::kContent);
  EXPECT_EQ(link.language_code, "fr");
  ASSERT_EQ(link.choices.size(), 2);
  EXPECT_EQ(link.choices[0].category, Category::kDemo);
  EXPECT_TRUE(link.choices[0].subscribed);
  EXPECT_FALSE(link.choices[1].subscribed);
  EXPECT_TRUE(link.tracking_allowed);
}

TEST_F(PreferenceClientTest, SendsChanges) {
  service_.link.set_undo_token("undo");
  ASSERT_OK_AND_ASSIGN(
      const Link link,
      client_.Update("t", {.unsubscribe = {Category::kDemo}, .subscribe = {Category::kContent}},
                     "page-1"));
  EXPECT_EQ(link.undo_token, "undo");
  EXPECT_EQ(service_.token, "t");
  EXPECT_THAT(service_.update.unsubscribe(), ElementsAre(type::CATEGORY_DEMO));
  EXPECT_THAT(service_.update.subscribe(), ElementsAre(type::CATEGORY_CONTENT));
  EXPECT_EQ(service_.update.consent_text(), "page-1");
  EXPECT_FALSE(service_.update.has_tracking_allowed());
  ASSERT_OK(client_.Update("t", {.tracking_allowed = false}, "page-1"));
  EXPECT_TRUE(service_.update.has_tracking_allowed());
  EXPECT_FALSE(service_.update.tracking_allowed());
  ASSERT_OK(client_.Undo("t", "undo", "page-1"));
  EXPECT_EQ(service_.undo.undo_token(), "undo");
  ASSERT_OK(client_.OneClickUnsubscribe("one"));
  EXPECT_EQ(service_.token, "one");
}

TEST_F(PreferenceClientTest, ReturnsErrors) {
  service_.status = grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "token: bad");
  EXPECT_THAT(client_.Resolve("t"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace lmsmail::gateway
