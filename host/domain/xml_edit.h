// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Changes to XML as text: what is not changed stays byte for byte as it was, comments and
// indentation included. Each function returns the new text.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "domain/xml_document.h"

namespace kedge::host {

// For attribute values in single or double quotes, and for text.
std::string xml_escape(std::string_view text);

// Adds the attribute or replaces its value.
std::string with_attribute(const XmlDocument& document, pugi::xml_node element,
                           std::string_view name, std::string_view value);
// Replaces the element, tags and content. `xml` has its lines indented as for column 0.
std::string with_replaced(const XmlDocument& document, pugi::xml_node element,
                          std::string_view xml);
// Removes the element, and its line if nothing else is on it.
std::string without_element(const XmlDocument& document, pugi::xml_node element);
// Adds a child. Of the children of `parent`, those with a name in `behind` stay behind it.
std::string with_child(const XmlDocument& document, pugi::xml_node parent, std::string_view xml,
                       std::span<const std::string_view> behind);

}  // namespace kedge::host
