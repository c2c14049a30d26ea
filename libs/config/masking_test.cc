#include "libs/config/masking.h"

#include <gtest/gtest.h>

namespace lmsmail::config::internal {
namespace {

TEST(MaskPasswordsTest, HidesPasswordsInUris) {
  EXPECT_EQ(MaskPasswords("postgresql://mail:s3cret@db:5432/lms"),
            "postgresql://mail:***@db:5432/lms");
  EXPECT_EQ(MaskPasswords("smtp://u:p@ss/w@host"), "smtp://u:***@host");
  EXPECT_EQ(MaskPasswords("postgresql://db/lms?user=u&password=s3cret&sslmode=require"),
            "postgresql://db/lms?user=u&password=***&sslmode=require");
}

TEST(MaskPasswordsTest, HidesPasswordsInKeywordStrings) {
  EXPECT_EQ(MaskPasswords("host=db password=s3cret user=mail"), "host=db password=*** user=mail");
  EXPECT_EQ(MaskPasswords(R"(password = 'it\'s a secret' host=db)"), "password = *** host=db");
  EXPECT_EQ(MaskPasswords("password='unclosed secret"), "password=***");
}

TEST(MaskPasswordsTest, KeepsOtherText) {
  EXPECT_EQ(MaskPasswords("https://lms.example.edu/u"), "https://lms.example.edu/u");
  EXPECT_EQ(MaskPasswords("postgresql://mail@db/lms"), "postgresql://mail@db/lms");
  EXPECT_EQ(MaskPasswords("0.0.0.0:7103"), "0.0.0.0:7103");
}

}  // namespace
}  // namespace lmsmail::config::internal
