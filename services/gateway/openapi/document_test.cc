#include "services/gateway/openapi/document.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <memory>
#include <string>

namespace lmsmail::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

// The document of the sample service, from its file with source info.
class OpenApiDocumentTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::ifstream file(SAMPLE_DESCRIPTORS, std::ios::binary);
    google::protobuf::FileDescriptorSet files;
    ASSERT_TRUE(files.ParseFromIstream(&file));
    google::protobuf::DescriptorPool pool;
    for (const auto& each : files.file()) ASSERT_NE(pool.BuildFile(each), nullptr);
    document_ =
        OpenApiDocument({pool.FindServiceByName("lmsmail.gateway.testing.SampleService")}, "1.2.3");
  }

  static const json& At(const std::string& pointer) {
    return document_.at(json::json_pointer(pointer));
  }
  static const json& Schema(const std::string& name) {
    return document_.at("components").at("schemas").at("lmsmail.gateway.testing." + name);
  }
  static const json& Property(const std::string& name) {
    return Schema("Sample").at("properties").at(name);
  }

  static inline json document_;
};

TEST_F(OpenApiDocumentTest, HasAPathForEachMethod) {
  EXPECT_EQ(At("/openapi"), "3.1.0");
  EXPECT_EQ(At("/info/version"), "1.2.3");
  EXPECT_EQ(At("/tags/0/name"), "lmsmail.gateway.testing.SampleService");
  EXPECT_EQ(At("/tags/0/description"), "Samples of all kinds.\n\nA second paragraph.");
  const json& get = At("/paths/~1lmsmail.gateway.testing.SampleService~1Get/post");
  EXPECT_EQ(get.at("operationId"), "SampleService_Get");
  EXPECT_EQ(get.at("summary"), "Returns the sample");
  EXPECT_EQ(get.at("description"), "Returns the sample. The rest of the comment.");
  EXPECT_EQ(get.at("requestBody").at("content").at("application/json").at("schema").at("$ref"),
            "#/components/schemas/lmsmail.gateway.testing.GetSampleRequest");
  const json& collect = At("/paths/~1lmsmail.gateway.testing.SampleService~1Collect/post");
  EXPECT_TRUE(collect.at("requestBody").at("content").contains("application/x-ndjson"));
}

TEST_F(OpenApiDocumentTest, FollowsTheJsonMapping) {
  EXPECT_EQ(Property("flag").at("type"), "boolean");
  EXPECT_EQ(Property("count").at("type"), "integer");
  EXPECT_EQ(Property("bigCount").at("type"), "string");
  EXPECT_EQ(Property("unsignedCount").at("type"), "string");
  EXPECT_EQ(Property("rate").at("type"), "number");
  EXPECT_EQ(Property("data").at("contentEncoding"), "base64");
  EXPECT_EQ(Property("list").at("items").at("$ref"),
            "#/components/schemas/lmsmail.gateway.testing.Sample");
  EXPECT_EQ(Property("labels").at("additionalProperties").at("type"), "string");
  EXPECT_EQ(Property("parts").at("additionalProperties").at("$ref"),
            "#/components/schemas/lmsmail.gateway.testing.Sample");
  EXPECT_EQ(Property("time").at("format"), "date-time");
  EXPECT_EQ(Property("duration").at("type"), "string");
  EXPECT_EQ(Property("mask").at("type"), "string");
  EXPECT_EQ(Property("context").at("additionalProperties"), true);
  EXPECT_EQ(Property("value"), json::object());
  EXPECT_EQ(Property("values").at("type"), "array");
  EXPECT_EQ(Property("any").at("required"), json::array({"@type"}));
  EXPECT_EQ(Property("wrapped").at("type"), "string");
  EXPECT_EQ(Property("empty").at("type"), "object");
  EXPECT_EQ(Schema("Colour").at("enum"), json::array({"COLOUR_UNSPECIFIED", "COLOUR_RED"}));
  EXPECT_THAT(Schema("Colour").at("description"), HasSubstr("- `COLOUR_RED`: Like a rose."));
}

TEST_F(OpenApiDocumentTest, RequiresWhatCommentsRequireOfRequests) {
  EXPECT_EQ(Schema("GetSampleRequest").at("required"), json::array({"sample"}));
  // Also in answers, which leave out empty values.
  EXPECT_FALSE(Schema("Sample").contains("required"));
}

TEST_F(OpenApiDocumentTest, AllowsOneFieldOfAOneof) {
  EXPECT_EQ(Schema("GetSampleRequest").at("allOf")[0].at("oneOf"),
            json::parse(R"([{"required":["name"]},{"required":["number"]}])"));
  EXPECT_EQ(Schema("Sample").at("allOf")[0],
            json::parse(R"({"oneOf":[{"required":["left"]},{"required":["right"]},
              {"not":{"anyOf":[{"required":["left"]},{"required":["right"]}]}}],
              "description":"What it is."})"));
}

}  // namespace
}  // namespace lmsmail::gateway
