# cmake -DOUT=source -DDOCUMENT=openapi.json -P EmbedDocument.cmake
#
# Writes the definition of served_document.h. With the length of the text, which the compiler would
# have to count.
file(READ ${DOCUMENT} document)
file(WRITE ${OUT} "// Generated from the proto files; do not edit.
#include \"services/gateway/openapi/served_document.h\"

namespace lmsmail::gateway {

std::string_view ServedDocument() {
  using std::string_view_literals::operator\"\"sv;
  return R\"lmsmail_file(${document})lmsmail_file\"sv;
}

}  // namespace lmsmail::gateway
")
