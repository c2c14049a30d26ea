#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace lmsmail::gateway {

// The content of tests/data/reports/{name}.eml: a report about a mail to ada@students.example.
inline std::string SampleReport(std::string_view name) {
  std::ifstream file(std::string(SAMPLE_REPORTS "/").append(name).append(".eml"));
  EXPECT_TRUE(file.is_open()) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace lmsmail::gateway
