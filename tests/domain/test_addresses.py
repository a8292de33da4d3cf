"""Which addresses may be called, and which never, however they are written."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from lending.domain.addresses import Target, is_public, may_be_called, read_url

PUBLIC = ("93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8")
NOT_PUBLIC = (
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255"),
    *("192.168.1.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "192.0.0.192"),
    *("192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250"),
    *("240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:1::1"),
    *("2001:db8::1", "3fff::1", "fc00::1", "fd00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "5f00::1"),
    *("100::1", "4000::1", "e000::1"),
)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_may_be_called(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_of_the_internet_is_never_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.example.org", Target(True, "hooks.example.org", 443, "/")),
        ("https://Hooks.Example.org:8443/a/b?c=d", Target(True, "hooks.example.org", 8443, "/a/b?c=d")),
        ("http://[::1]:80/x", Target(False, "::1", 80, "/x")),
        ("https://xn--bcher-kva.example/%20", Target(True, "xn--bcher-kva.example", 443, "/%20")),
    ],
)
def test_an_address_is_taken_apart(url: str, target: Target) -> None:
    assert read_url(url) == target


def test_a_port_is_named_only_where_it_is_not_the_usual_one() -> None:
    urls = ("https://a.example:443/", "https://a.example:444/", "http://[fd00::1]:8080/")
    assert [read_url(url).named for url in urls] == ["a.example", "a.example:444", "[fd00::1]:8080"]


@pytest.mark.parametrize(
    "url",
    [
        *("", "hooks.example.org", "//hooks.example.org/", "ftp://hooks.example.org/", "file:///etc/passwd"),
        *("gopher://a.example/", "https://", "https:///path", "https://:443/", "https://a.example:/", "javascript:1"),
        *("https://me@a.example/", "https://me:secret@a.example/", "https://@a.example/", "https://a.example/#x"),
        *("https://a.example:0/", "https://a.example:65536/", "https://a.example:-1/", "https://a.example:4x/"),
        *(
            "https://a .example/",
            " https://a.example/",
            "https://a.example/\n",
            "https://a.example/\tb",
            "https://a\0/",
        ),
        *("https://a.example\\@b.example/", "https://bücher.example/", "https://①②⑦.0.0.1/", "https://%31%32%37.1/"),
        *("https://[::1", "https://[fe80::1%25eth0]/", "https://[127.0.0.1]/", "https://-a.example/", "https://a..b/"),
        *("https://a_b.example/", f"https://a.example/{'x' * 500}", f"https://{'a.' * 127}a/", f"https://{'a' * 64}/"),
    ],
)
def test_what_is_no_plain_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        read_url(url)


def test_the_internet_is_called_over_https_alone_and_at_no_other_services_port() -> None:
    there = ip_address("8.8.8.8")
    urls = ("https://a.example", "https://a.example:8443", "https://a.example:22", "http://a.example")
    assert [may_be_called(read_url(url), there) for url in urls] == [True, True, False, False]


def test_an_allowed_network_is_called_anyhow_and_so_is_an_address_that_hides_in_another() -> None:
    allowed = (ip_network("10.20.0.0/16"),)
    plain = read_url("http://middleware.example:80")
    addresses = ("10.20.3.4", "::ffff:10.20.3.4", "10.21.0.1")
    assert [may_be_called(plain, ip_address(one), allowed) for one in addresses] == [True, True, False]
