#include "services/gateway/connect/method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"
#include "services/gateway/testing/sample.pb.h"

namespace lmsmail::gateway {
namespace {

constexpr char kService[] = "lmsmail.gateway.testing.SampleService";

TEST(MethodCatalogTest, KnowsMethodsByTheirDescriptors) {
  ASSERT_OK_AND_ASSIGN(const MethodCatalog catalog, MethodCatalog::Create({kService}));
  const Method* const get = catalog.Find(kService, "Get");
  ASSERT_NE(get, nullptr);
  EXPECT_EQ(get->request, testing::GetSampleRequest::descriptor());
  EXPECT_EQ(get->response, testing::Sample::descriptor());
  EXPECT_FALSE(get->client_streaming);
  ASSERT_NE(catalog.Find(kService, "Collect"), nullptr);
  EXPECT_TRUE(catalog.Find(kService, "Collect")->client_streaming);
  EXPECT_EQ(catalog.Find(kService, "get"), nullptr);
  EXPECT_EQ(catalog.Find("other.Service", "Get"), nullptr);
}

TEST(MethodCatalogTest, RefusesAServiceThatIsNotLinked) {
  EXPECT_THAT(MethodCatalog::Create({"other.Service"}), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace lmsmail::gateway
