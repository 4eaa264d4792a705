/// A number with its noun: "1 chunk", "2 chunks".
package func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
