"""Which pages there are, in the order of the sidebar. Each is imported and made when it is first opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ui.office import Office
    from ui.page import Page

HOME = "inicio"
CUSTOMERS = "clientes"
CONSULTATIONS = "consultas"
PROFILES = "perfis"
ANP_LISTS = "listas-anp"
BRAND_INBOX = "bandeiras-anp"
ORDER_CHECKS = "avaliacoes"
CREDIT_ANALYSES = "analises"
INTEGRATION = "integracao"
COUNTERS = "balcoes"
MESSAGES = "mensagens"
TABLES = "tabelas"
AUDIT = "auditoria"
CERTIFICATES = "certificados"
ENDPOINTS = "enderecos"
DIAGNOSIS = "diagnostico"
UPDATE = "atualizacao"


class PageEntry(NamedTuple):
    """One page: how it is found and how it is made. Only INTEGRATION and UPDATE work without a database."""

    key: str
    title: str
    icon: str
    make: Callable[[Office], Page]


def _home(office: Office) -> Page:
    from ui.home_page import HomePage

    return HomePage(office)


def _customers(office: Office) -> Page:
    from ui.customers_page import CustomersPage

    return CustomersPage(office)


def _consultations(office: Office) -> Page:
    from ui.consultations_page import ConsultationsPage

    return ConsultationsPage(office)


def _anp_lists(office: Office) -> Page:
    from ui.anp_lists_page import AnpListsPage

    return AnpListsPage(office)


def _brand_inbox(office: Office) -> Page:
    from ui.brand_inbox_page import BrandInboxPage

    return BrandInboxPage(office)


def _order_checks(office: Office) -> Page:
    from ui.order_checks_page import OrderChecksPage

    return OrderChecksPage(office)


def _credit_analyses(office: Office) -> Page:
    from ui.credit_analyses_page import CreditAnalysesPage

    return CreditAnalysesPage(office)


def _profiles(office: Office) -> Page:
    from app.settings.catalog import CUSTOMERS_PAGE
    from ui.settings_page import SettingsPage

    return SettingsPage(CUSTOMERS_PAGE, office)


def _integration(office: Office) -> Page:
    from app.settings.catalog import INTEGRATION_PAGE
    from ui.settings_page import SettingsPage

    return SettingsPage(INTEGRATION_PAGE, office)


def _counters(office: Office) -> Page:
    from ui.counters_page import CountersPage

    return CountersPage(office)


def _messages(office: Office) -> Page:
    from ui.messages_page import MessagesPage

    return MessagesPage(office)


def _tables(office: Office) -> Page:
    from ui.tables_page import TablesPage

    return TablesPage(office)


def _audit(office: Office) -> Page:
    from ui.audit_page import AuditPage

    return AuditPage(office)


def _certificates(office: Office) -> Page:
    from ui.certificates_page import CertificatesPage

    return CertificatesPage(office)


def _endpoints(office: Office) -> Page:
    from ui.endpoints_page import EndpointsPage

    return EndpointsPage(office)


def _diagnosis(office: Office) -> Page:
    from ui.diagnosis_page import DiagnosisPage

    return DiagnosisPage(office)


def _update(office: Office) -> Page:
    from ui.update_page import UpdatePage

    return UpdatePage(office)


SIDEBAR = (
    PageEntry(HOME, "Início", "home", _home),
    PageEntry(CUSTOMERS, "Clientes", "customers", _customers),
    PageEntry(CONSULTATIONS, "Consultas", "consultations", _consultations),
    PageEntry(ANP_LISTS, "Listas da ANP", "anp", _anp_lists),
    PageEntry(ORDER_CHECKS, "Pedidos avaliados", "order", _order_checks),
    PageEntry(CREDIT_ANALYSES, "Análises de crédito", "credit", _credit_analyses),
    PageEntry(COUNTERS, "Balcões", "counters", _counters),
    PageEntry(MESSAGES, "Mensagens", "message", _messages),
    PageEntry(PROFILES, "Perfis de clientes", "profiles", _profiles),
    PageEntry(INTEGRATION, "Integração", "integration", _integration),
    PageEntry(TABLES, "Tabelas", "tables", _tables),
    PageEntry(AUDIT, "Auditoria", "audit", _audit),
)
TOOLS = (
    PageEntry(BRAND_INBOX, "Bandeiras não cadastradas", "flag", _brand_inbox),
    PageEntry(CERTIFICATES, "Certificados digitais", "certificate", _certificates),
    PageEntry(ENDPOINTS, "Endereços da SEFAZ", "external", _endpoints),
    PageEntry(DIAGNOSIS, "Diagnóstico da SEFAZ", "diagnosis", _diagnosis),
    PageEntry(UPDATE, "Atualização", "download", _update),
)


def shortcut(number: int) -> str:
    """The keys that open the page in this place of the sidebar, from 1 on; "" when there are none left."""
    return f"Ctrl+{number % 10}" if number <= 10 else ""


BY_KEY = {entry.key: entry for entry in (*SIDEBAR, *TOOLS)}
