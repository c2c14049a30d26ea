#include "deploy/smoke/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"

namespace lmsmail::smoke {
namespace {

using ::testing::HasSubstr;

absl::Status Load(Options& options, std::vector<const char*> argv) {
  config::Schema schema("smoke", "0.0.0");
  options.Declare(schema);
  argv.insert(argv.begin(), "lmsmail-smoke");
  return schema.Load(static_cast<int>(argv.size()), argv.data(), nullptr).status();
}

TEST(OptionsTest, ARecipientIsEnough) {
  Options options;
  ASSERT_OK(Load(options, {"--recipient=you@school.example"}));
  EXPECT_EQ(options.recipient, "you@school.example");
  EXPECT_FALSE(options.install_templates);
}

TEST(OptionsTest, NamesEveryFault) {
  Options options;
  const absl::Status status = Load(options, {"--dispatch.target=", "--timeout=1ms"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("recipient"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("dispatch.target"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("timeout"));
}

TEST(OptionsTest, OtherMachinesNeedTls) {
  Options options;
  EXPECT_THAT(std::string(Load(options, {"--recipient=you@school.example",
                                         "--dispatch.target=dns:///dispatch:7103"})
                              .message()),
              HasSubstr("dispatch.tls"));
}

}  // namespace
}  // namespace lmsmail::smoke
