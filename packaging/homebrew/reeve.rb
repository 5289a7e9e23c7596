# Complete but for the address and the checksum of a released archive, which the zeros stand for. It has not been run on
# a Mac.
class Reeve < Formula
  desc "User-level supervisor that leaves no orphans"
  homepage "https://reeve.example/"
  url "https://reeve.example/reeve-0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"

  depends_on "cli11" => :build
  depends_on "cmake" => :build
  depends_on "ninja" => :build
  depends_on "boost"
  depends_on "fmt"
  depends_on "nlohmann-json"
  depends_on "spdlog"

  on_macos do
    depends_on macos: :ventura
  end

  def install
    # Manual pages and completions are made by the program itself and are installed with it.
    system "cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DREEVE_TESTS=OFF", *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  def caveats
    <<~EOS
      Start it with one of these, not with both:
        reeve service install --now
        brew services start reeve
      The first gives sessions two minutes to stop; launchd gives the second twenty seconds.
    EOS
  end

  service do
    run [opt_bin/"reeve", "run"]
    keep_alive successful_exit: false
    process_type :standard
    environment_variables PATH: std_service_path_env
  end

  test do
    ENV["REEVE_STORE"] = (testpath/"store").to_s
    assert_match version.to_s, shell_output("#{bin}/reeve --version")
    (testpath/"reeve.json").write '{"sessions": {"one": {"command": ["sleep", "60"]}}}'
    assert_match "valid, 1 session", shell_output("#{bin}/reeve check #{testpath}/reeve.json")
    # The anchor is found, and the exit status is the command's.
    assert_equal "42\n", shell_output("#{bin}/reeve exec -- sh -c 'echo 42; exit 7'", 7)
    # Nobody supervises this store.
    shell_output("#{bin}/reeve status", 3)
  end
end
