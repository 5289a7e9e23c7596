#!/bin/sh
# The Homebrew formula is Ruby, speaks of this version, and its own test holds for the program that was installed.
# usage: homebrew_formula.sh SOURCE_FOLDER VERSION PREFIX
set -eu
command -v ruby >/dev/null || { echo "skipped: no ruby"; exit 77; }
ruby -w -c "$1/packaging/homebrew/reeve.rb"
# Homebrew itself is not to be had from Debian: the few methods of its Formula that the file uses are stood in for.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ruby -w - "$1/packaging/homebrew/reeve.rb" "$2" "$3" "$work" <<'RUBY'
require "pathname"
FILE, VERSION, PREFIX, WORK = ARGV
class Formula
  SEEN = {}
  class << self
    %i[desc homepage url sha256 license].each { |name| define_method(name) { |text| SEEN[name] = text } }
    def depends_on(*) = nil
    def on_macos = yield
    def service(&block) = SEEN[:service] = block
    def test(&block) = SEEN[:test] = block
  end
  def bin = Pathname.new(PREFIX)/"bin"
  def opt_bin = bin
  def testpath = Pathname.new(WORK)
  def version = VERSION
  def shell_output(command, status = 0)
    said = `#{command}`
    raise "#{command}: status #{$?.exitstatus}, not #{status}" if $?.exitstatus != status
    said
  end
  def assert_match(text, said) = (raise "no #{text} in #{said}" unless said.include?(text))
  def assert_equal(wanted, said) = (raise "#{said.inspect}, not #{wanted.inspect}" if wanted != said)
end
load FILE
raise "of another version: #{Formula::SEEN[:url]}" unless Formula::SEEN[:url].include?("-#{VERSION}.tar.gz")
Reeve.new.instance_eval(&Formula::SEEN[:test])
raise "no service" unless Formula::SEEN[:service]
RUBY
