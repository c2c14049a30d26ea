#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lmsmail::dispatch {

// A body of type multipart/form-data (RFC 7578).
class MultipartForm {
 public:
  void Add(std::string_view name, std::string_view value) {
    parts_.push_back({std::string(name), std::string(value), ""});
  }
  void AddFile(std::string_view name, std::string_view file_name, std::string_view content) {
    parts_.push_back({std::string(name), std::string(content), std::string(file_name)});
  }

  struct Encoded {
    std::string content_type;
    std::string body;
  };
  // The boundary depends on the content alone and does not occur in it.
  Encoded Encode() const;

 private:
  struct Part {
    std::string name;
    std::string value;
    std::string file_name;  // empty: not a file
  };
  std::vector<Part> parts_;
};

}  // namespace lmsmail::dispatch
