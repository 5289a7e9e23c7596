# A draft: it needs the address and the checksum of a released archive, and a run on a Mac.
class Reeve < Formula
  desc "User-level supervisor that leaves no orphans"
  homepage "https://example.invalid/reeve"
  url "https://example.invalid/reeve/reeve-0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"

  depends_on "cli11" => :build
  depends_on "cmake" => :build
  depends_on "ninja" => :build
  depends_on "boost"
  depends_on "fmt"
  depends_on "nlohmann-json"
  depends_on "spdlog"

  def install
    system "cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DREEVE_TESTS=OFF", *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  service do
    run [opt_bin/"reeve", "run"]
    keep_alive successful_exit: false
    environment_variables PATH: std_service_path_env
  end

  test do
    system bin/"reeve", "--version"
    # Nobody supervises this store: 3, as service scripts expect.
    shell_output("#{bin}/reeve --store #{testpath}/store status", 3)
  end
end
