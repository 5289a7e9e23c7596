// Objects of the configuration: a table with a row for each key, read and described by the same rows.
#pragma once

#include "config_rules.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace reeve {

// Which sessions may have a key.
enum class SessionKind { any, process, container };

template <class Owner>
struct Field {
    std::string name;
    std::function<OrderedJson()> schema;
    std::function<void(const Place& place, Owner& owner)> read;
    std::function<bool(const Owner& a, const Owner& b)> same = [](const Owner&, const Owner&) {
        return true;
    };
    SessionKind kind = SessionKind::any;
    std::string instead;  // what to do about it in a session of the other kind
};

template <class Owner>
using Table = std::vector<Field<Owner>>;

// The default that the schema tells is the one of the member: there is no second place to state it.
template <class Owner, class T>
Field<Owner> field(std::string name, const char* description, T Owner::*member, const Rule<T>& rule,
                   SessionKind kind = SessionKind::any, std::string instead = "remove it") {
    Field<Owner> made;
    made.name = std::move(name);
    made.schema = [description, member, inner = rule.schema, show = rule.show] {
        OrderedJson schema;
        schema["description"] = description;
        schema.update(inner());
        const OrderedJson by_default = show(Owner{}.*member);
        if (!by_default.is_null()) schema["default"] = by_default;
        return schema;
    };
    made.read = [member, read = rule.read](const Place& place, Owner& owner) { read(place, owner.*member); };
    made.same = [member](const Owner& a, const Owner& b) { return a.*member == b.*member; };
    made.kind = kind;
    made.instead = std::move(instead);
    return made;
}

// The keys whose values are not the same in both.
template <class Owner>
std::vector<std::string> different_members(const Table<Owner>& table, const Owner& a, const Owner& b) {
    std::vector<std::string> names;
    for (const Field<Owner>& row : table) {
        if (!row.same(a, b)) names.push_back(row.name);
    }
    return names;
}

// Reports an unknown key with the nearest known one, or all of them.
void refuse_unknown_key(const Place& member, const std::vector<std::string>& known);

// `check` looks at the whole object once its members are read.
template <class Owner>
Rule<Owner> object(Table<Owner> table,
                   std::function<void(const Place& place, const Owner& owner)> check = {}) {
    Rule<Owner> rule;
    const auto rows = std::make_shared<const Table<Owner>>(std::move(table));
    rule.schema = [rows] {
        OrderedJson schema = {{"type", "object"}, {"additionalProperties", false}};
        schema["properties"] = OrderedJson::object();
        for (const Field<Owner>& row : *rows) schema["properties"][row.name] = row.schema();
        return schema;
    };
    rule.read = [rows, check](const Place& place, Owner& owner) {
        if (!place.expect(JsonNode::Kind::object, "write { \"key\": value }")) return;
        for (const JsonNode& node : place.node().children) {
            const Place member = place.member(node);
            const auto row = std::find_if(rows->begin(), rows->end(),
                                          [&](const Field<Owner>& each) { return each.name == node.key; });
            if (row == rows->end()) {
                std::vector<std::string> known;
                for (const Field<Owner>& each : *rows) known.push_back(each.name);
                refuse_unknown_key(member, known);
            } else {
                row->read(member, owner);
            }
        }
        if (check) check(place, owner);
    };
    return rule;
}

}  // namespace reeve
