"""What each table of the database is called where a person reads of it: its progress, its rows, its fields."""

from __future__ import annotations

from app.data.models import Base
from app.tables import TABLES

TABLE_NAMES = {
    "anp_change": "Mudanças nas listas da ANP",
    "anp_list": "Listas da ANP",
    "anp_listed": "Autorizados nas listas da ANP",
    "app_user": "Usuários",
    "audit_entry": "Auditoria",
    "authority_pause": "Esperas pedidas pelas autoridades",
    "authorizer_pace": "Ritmo dos autorizadores",
    "block_reason": "Bloqueios",
    "branch": "Filiais",
    "branch_certificate": "Certificados",
    "brand": "Bandeiras",
    "certificate_key": "Chaves dos certificados",
    "company": "Empresas",
    "consultation": "Consultas",
    "counter": "Balcões",
    "credit_analysis": "Análises de crédito",
    "credit_manager": "Gerenciadoras de crédito",
    "credit_pause": "Pausas das gerenciadoras",
    "customer": "Clientes",
    "database_identity": "Identidade do banco",
    "entity": "Entidades",
    "idempotent_answer": "Respostas aos balcões",
    "instalment": "Parcelas do crediário",
    "instalment_load": "Cargas do crediário",
    "lease": "Turnos dos serviços",
    "login_attempt": "Tentativas de senha",
    "order_check": "Avaliações de pedidos",
    "overdue_release": "Liberações de crediário",
    "region": "Regiões de venda",
    "service_order_event": "Eventos de ordens de serviço",
    "setting_value": "Configurações",
    "uf_gap": "UFs sem atendimento",
    "user_password": "Senhas dos usuários",
    "whatsapp_message": "Mensagens de WhatsApp",
    "whatsapp_pause": "Pausas do WhatsApp",
}
"""By the table's own name; every table has one."""

_LABELS = {
    (mapper.class_.__tablename__, field.column): field.label
    for table in TABLES.values()
    for mapper in Base.registry.mappers
    if mapper.class_.__name__ == table.model
    for field in table.fields
}


def field_name(table: str, column: str) -> str:
    """The label of a column that has one on screen, else the column's own name."""
    return _LABELS.get((table, column), column)
