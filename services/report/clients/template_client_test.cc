#include "services/report/clients/template_client.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "libs/rpc/testing/in_process_server.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/struct_from_json.h"

namespace lmsmail::report {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;

class FakeTemplates final : public templates::v1::TemplateService::CallbackService {
 public:
  grpc::ServerUnaryReactor* RenderTemplate(
      grpc::CallbackServerContext* context, const templates::v1::RenderTemplateRequest* received,
      templates::v1::RenderTemplateResponse* response) override {
    request = *received;
    response->set_subject("subject");
    response->set_html("html");
    response->set_text("text");
    response->add_warnings("warning");
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  templates::v1::RenderTemplateRequest request;
};

TEST(TemplateClientTest, RendersTheWeeklyTemplate) {
  FakeTemplates fake;
  const rpc::InProcessServer server({rpc::Host<templates::v1::TemplateService>(fake)});
  TemplateClient client(server.channel(), absl::Seconds(10));
  rpc::CallInfo call;
  call.deadline = absl::Now() + absl::Seconds(20);
  const auto context = StructFromJson(R"({"site_name": "School"})");
  ASSERT_OK_AND_ASSIGN(const Preview preview, client.Render(context, call));
  EXPECT_EQ(preview.subject, "subject");
  EXPECT_EQ(preview.html, "html");
  EXPECT_EQ(preview.text, "text");
  EXPECT_THAT(preview.warnings, ElementsAre("warning"));
  EXPECT_EQ(fake.request.name(), "templates/weekly_progress");
  EXPECT_TRUE(MessageDifferencer::Equals(fake.request.context(), context));
}

}  // namespace
}  // namespace lmsmail::report
